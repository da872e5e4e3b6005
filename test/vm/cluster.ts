// Pathwarden with the `lio` data plane inside virtual machines: how a daemon is made there, and what it is asked.
import { until } from '../lab/clock.ts';
import { Gateway, type GatewayOptions, type Settings, standardSettings } from '../lab/gateway.ts';
import type { Host, Inside } from '../lab/hosts.ts';
import type { DiskSpec } from '../../src/core/records.ts';
import { initiatorName } from './open-iscsi.ts';

/** A whole machine is slow here, and none of these times is measured. */
export const patienceMs = 240_000;

/** A daemon takes long to start here, and its session has to outlive that. Gossip ends the session of a dead host. */
const settings: Settings = { ...standardSettings, ttlMs: 60_000, marginMs: 15_000, lockDelayMs: 0 };

/** Hosts that are machines of their own: what runs on them runs here. */
export const here: Inside = { inside: (_host, argv) => [...argv] };

export const hostAt = (name: string, address: string): Host => ({
  name,
  address,
  namespace: '',
  holderPid: 0,
  powered: true,
});

type Choice = Pick<GatewayOptions, 'dataPlane' | 'storage' | 'folder'>;

export function gatewayOn(host: Host, choice: Choice): Gateway {
  const entry = new URL('../../src/cli/pathwarden.ts', import.meta.url).pathname;
  return new Gateway(here, host, { ...choice, entry, peersKeyFile: '', settings });
}

export const iqnOf = (disk: string): string => `iqn.2026-11.io.pathwarden:${disk}`;

/** A disk whose number is the last part of its wwn, with a path for each address. */
export const specOf = (disk: string, backstore: DiskSpec['backstore'], ips: readonly string[]): DiskSpec => ({
  desired: 'started',
  iqn: iqnOf(disk),
  wwn: `aabbccdd000${disk}`,
  backstore,
  access: { initiators: [initiatorName] },
  paths: ips.map((ip, position) => ({ index: position + 1, ip, prefix: 24, interface: 'eth0' })),
});

/** Whether the node of that daemon serves the path, as it says itself. */
export async function serves(gateway: Gateway, disk: string, index: number): Promise<boolean> {
  const { disks } = await gateway.cluster();
  const path = disks.find((one) => one.disk === disk)?.paths.find((one) => one.index === index);
  return path?.owner === gateway.host.name && path.local?.tags.includes('serving') === true;
}

/** Moves a path as an operator does, and waits until the other node serves it: one that comes back is moved again. */
export async function move(disk: string, index: number, from: Gateway, to: Gateway): Promise<void> {
  await from.release(disk, index, to.host.name);
  let hasLeft = false;
  const isThere = async (): Promise<boolean> => {
    if (await serves(to, disk, index)) return true;
    const isHere = await serves(from, disk, index);
    // A machine that got no processor gives up what it cannot do in time.
    if (isHere && hasLeft) await from.release(disk, index, to.host.name);
    hasLeft = !isHere;
    return false;
  };
  await until(`path ${disk}/${index} is served by ${to.host.name}`, patienceMs, isThere, 500);
}
