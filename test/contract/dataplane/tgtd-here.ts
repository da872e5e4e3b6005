// A tgtd on this host, beside a Ceph on loopback: what it opens through librbd it reaches without a network.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tgtDataPlane } from '../../../adapters/dataplane.ts';
import { createRunner } from '../../../adapters/run.ts';
import type { DataPlane, Portal, TargetSpec } from '../../../src/ports/dataplane.ts';
import { leftOut, missingPrograms, notRoot } from '../../left-out.ts';
import { freePorts } from '../consul/agents.ts';
import { endTgtd, patience } from './world.ts';

const run = createRunner();

export interface Gateway {
  readonly plane: DataPlane;
  readonly controlPort: number;
  readonly portal: Portal;
  /** What qemu-io printed when it ran the commands on LUN 1, through the portal. */
  ask(...commands: readonly string[]): Promise<string>;
  serve(spec: TargetSpec): Promise<void>;
  close(): Promise<void>;
}

/** With the backing store of tgt for Ceph. */
export function tgtRbdMissing(): boolean {
  const store = '/usr/lib/tgt/backing-store/bs_rbd.so';
  const noStore = existsSync(store) ? null : `missing: ${store} (Debian package tgt-rbd)`;
  return leftOut('tgt with librbd', notRoot() ?? missingPrograms('tgtd', 'qemu-io') ?? noStore) !== null;
}

let gateways = 0;

/** `ceph`: how it reaches Ceph. Its portal is at `ip`, an address of loopback. */
export async function startGateway(ceph: { conf: string; id: string }, ip: string, iqn: string): Promise<Gateway> {
  gateways += 1;
  const controlPort = (process.pid % 30_000) + 500 + gateways;
  const [port = 0] = await freePorts(1);
  const portal = { iqn, ip, port };
  const argv = ['-C', String(controlPort), '-f', '--iscsi', `portal=127.0.0.1:${String(portal.port)}`];
  const tgtd = spawn('tgtd', argv, { stdio: 'ignore' });
  const plane = tgtDataPlane({ run, controlPort, traffic: 'none', ceph: { ...ceph, via: 'librbd' } });
  const ends = performance.now() + patience.deadlineMs;
  while ((await plane.target.observe(patience)).kind !== 'done') {
    if (performance.now() <= ends) continue;
    await endTgtd(tgtd, controlPort);
    throw new Error('tgtd does not start');
  }
  return {
    plane,
    controlPort,
    portal,
    async ask(...commands) {
      const url = `iscsi://${ip}:${String(portal.port)}/${iqn}/1`;
      const result = await run(['qemu-io', '-f', 'raw', ...commands.flatMap((each) => ['-c', each]), url], patience);
      return result.kind === 'exited' ? result.stdout + result.stderr : result.kind;
    },
    async serve(spec) {
      const defined = await plane.target.ensureDefined(spec, patience);
      const opened = defined.kind === 'done' ? await plane.target.ensureOpen(portal, patience) : defined;
      if (opened.kind !== 'done') throw new Error(opened.reason);
    },
    close: () => endTgtd(tgtd, controlPort),
  };
}
