// Images that Debian's kernel maps from a real Ceph, which runs on this host: what its clients do comes from a machine.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabCeph } from '../lab/ceph/ceph.ts';
import { Network } from '../lab/hosts.ts';
import { launch } from '../lab/processes.ts';
import { adminPort } from './ceph/admin-client.ts';
import { judgeMachine, takeResult } from './judge-machine.ts';
import { type Machine, type Run, startMachine } from './machine.ts';
import type { Found } from './run-vitest.ts';

interface Choice extends Run {
  /** Only files of tests with this word in their name. */
  readonly filter: string;
}

/** Both start at the same time. The machine's namespace holds nothing else: its address is what Ceph sees. */
export async function tryCeph(found: Found, { filter, ...run }: Choice): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'pathwarden-vm-ceph-'));
  const network = await Network.open();
  let machine: Machine | undefined;
  try {
    const ceph = new LabCeph(network, await network.add('c', 3), folder);
    const gateway = await network.add('n1', 11);
    const { address } = ceph.host;
    const own = [ceph.conf, ceph.id, `http://${address}:${adminPort}`, gateway.address, filter];
    machine = await startMachine({
      ...run,
      processors: 2,
      argv: [process.execPath, 'test/vm/ceph/inside.ts', ...own],
      workFolder: new URL('../..', import.meta.url).pathname,
      devices: ['-netdev', 'user,id=ceph', '-device', 'virtio-net-pci,netdev=ceph'],
      prefixArgv: network.inside(gateway, []),
    });
    await ceph.start();
    run.say('Ceph is ready');
    const program = new URL('ceph/admin.ts', import.meta.url).pathname;
    launch(network.inside(ceph.host, [process.execPath, program, ceph.conf, address]), join(folder, 'admin.log'));
    const ended = await machine.ended;
    takeResult(found, 'ceph', ended);
    judgeMachine(found, 'ceph', ended);
  } finally {
    await machine?.kill();
    await network.close();
    await rm(folder, { recursive: true, force: true });
  }
}
