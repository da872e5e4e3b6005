// The machines of the take-over and their network, as each of them sees it.
import type { Gateway } from '../../lab/gateway.ts';
import { run } from '../../lab/processes.ts';
import { fencedBy } from '../../lab/storage.ts';
import { gatewayOn, hostAt, patienceMs } from '../cluster.ts';

export const initiatorHost = hostAt('i', '10.9.0.9');
export const gatewayHosts = [hostAt('n1', '10.9.0.1'), hostAt('n2', '10.9.0.2')] as const;

/** A machine that gets no processor for some seconds is no dead one. */
export const patientGossip = 'gossip_lan { probe_interval = "3s" probe_timeout = "2500ms" }';

const fenceClient = new URL('../../lab/fence-client.ts', import.meta.url).pathname;

/** The first card is the storage network, the second one leads to the power switch. */
export async function joinNetwork(address: string): Promise<void> {
  await run(['modprobe', '-a', 'virtio_net', 'virtio_blk'], patienceMs);
  for (const [card, ip] of [['eth0', address], ['eth1', '10.0.2.15']] as const) {
    await run(['ip', 'addr', 'add', `${ip}/24`, 'dev', card], patienceMs);
    await run(['ip', 'link', 'set', card, 'up'], patienceMs);
  }
}

export const fenceArgv = (power: string): string[] => [process.execPath, fenceClient, power];

/** Its daemon, wherever this runs: only its own machine starts it. */
export const gatewayIn = (folder: string, host: (typeof gatewayHosts)[number], power: string): Gateway =>
  gatewayOn(host, {
    dataPlane: { kind: 'lio' },
    storage: fencedBy(fenceArgv(power)),
    folder: `${folder}/${host.name}`,
  });
