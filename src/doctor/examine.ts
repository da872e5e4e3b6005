// All checks, in the order in which they are told. Each says nothing where the configuration does not need it.
import { type ClusterView, emptyView, viewParser } from '../core/view.ts';
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
  const setup: Setup = { config, ports, view: await viewOf(ports) };
  const findings = await Promise.all(checks.map((check) => check(setup)));
  return findings.flat();
}

async function viewOf({ consul }: Ports): Promise<ClusterView | null> {
  if (consul.kind !== 'done') return null;
  const keys = await consul.value.keys();
  if (keys.kind !== 'done') return null;
  return keys.value.entries.length === 0 ? emptyView : viewParser()(keys.value);
}
