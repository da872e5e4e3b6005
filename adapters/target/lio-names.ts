// Where things are in the kernel target's configfs, and how they are called.
import { plainIp } from '../../src/ports/ip.ts';
import { isIPv6 } from 'node:net';

/** Initiators see the same number whether tgt or LIO serves; tgt keeps LUN 0 for itself. */
export const lunName = 'lun_1';

export const targetFolder = (iqn: string): string => `iscsi/${iqn}`;
export const groupFolder = (iqn: string, tag: number): string => `${targetFolder(iqn)}/tpgt_${tag}`;

/** The groups that the kernel is disabling, by the files that are being written. */
export function busyGroups(disabling: readonly string[]): readonly { iqn: string; tag: number }[] {
  const found = disabling.map((file) => /^iscsi\/([^/]+)\/tpgt_(\d+)\/enable$/.exec(file));
  return found.flatMap((one) => (one === null ? [] : [{ iqn: one[1] ?? '', tag: Number(one[2]) }]));
}

/** What serves the bytes of a disk. The prefix tells ours from those of others. */
export interface Device {
  readonly plugin: 'fileio' | 'iblock';
  /** Made of the wwn, so that two disks with one wwn meet here. */
  readonly host: number;
  readonly disk: string;
}

const prefix = 'pathwarden-';

export const hostFolder = ({ plugin, host }: Device): string => `core/${plugin}_${host}`;
export const deviceFolder = (device: Device): string => `${hostFolder(device)}/${prefix}${device.disk}`;

/** Null when it is none of ours. */
export function deviceAt(path: string): Device | null {
  const found = /(?:^|\/)(fileio|iblock)_(\d+)\/pathwarden-([^/]+)$/.exec(path);
  const [, plugin, host, disk] = found ?? [];
  if (plugin === undefined || host === undefined || disk === undefined) return null;
  return { plugin: plugin === 'iblock' ? 'iblock' : 'fileio', host: Number(host), disk };
}

export const sameDevice = (one: Device, other: Device): boolean => deviceFolder(one) === deviceFolder(other);

export function portalName({ ip, port }: { ip: string; port: number }): string {
  const plain = plainIp(ip);
  return `${isIPv6(plain) ? `[${plain}]` : plain}:${port}`;
}

/** Null for a name that is no address and port. */
export function portalAt(name: string): { ip: string; port: number } | null {
  const [, bracketed, bare, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+)$/.exec(name) ?? [];
  const ip = bracketed ?? bare;
  return ip === undefined || port === undefined ? null : { ip: plainIp(ip), port: Number(port) };
}
