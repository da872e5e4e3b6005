// All checks, in the order in which they are told. Each says nothing where the configuration does not need it.
import { type ClusterView, emptyView, viewParser } from '../core/view.ts';
import type { ClusterSnapshot } from '../ports/cluster.ts';
import { clockFindings } from './clock.ts';
import { consulFindings } from './consul.ts';
import { diskFindings } from './disks.ts';
import { exclusionFindings } from './exclusion.ts';
import type { Finding } from './finding.ts';
import { lioFindings } from './lio.ts';
import { networkFindings } from './network.ts';
import { nodeFindings } from './node.ts';
import { peerFindings } from './peers.ts';
import { secretFindings } from './secrets.ts';
import type { Check, Ports, Setup } from './setup.ts';
import { tgtFindings } from './tgt.ts';
import { watchdogFindings } from './watchdog.ts';

/** A data plane, a backstore or a device of its own is a file beside these, and a line here. */
const checks: readonly Check[] = [
  nodeFindings,
  secretFindings,
  clockFindings,
  consulFindings,
  tgtFindings,
  lioFindings,
  networkFindings,
  exclusionFindings,
  watchdogFindings,
  peerFindings,
  diskFindings,
];

export async function examine(config: Setup['config'], ports: Ports): Promise<readonly Finding[]> {
  const keys = ports.consul.kind === 'done' ? await ports.consul.value.keys() : ports.consul;
  const setup: Setup = { config, ports, keys, view: keys.kind === 'done' ? viewOf(keys.value) : null };
  const findings = await Promise.all(checks.map((check) => check(setup)));
  return findings.flat();
}

const viewOf = (keys: ClusterSnapshot): ClusterView => (keys.entries.length === 0 ? emptyView : viewParser()(keys));
