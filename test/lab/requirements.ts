// What the lab needs from the machine, said all at once when something is missing.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  nft: 'nftables',
  arping: 'iputils-arping',
  chrt: 'util-linux',
  taskset: 'util-linux',
  tgtd: 'tgt',
  tgtadm: 'tgt',
  'qemu-io': 'qemu-utils',
};

const cephPrograms: Readonly<Record<string, string>> = {
  ceph: 'ceph-common',
  rbd: 'ceph-common',
  'ceph-mon': 'ceph-mon',
  'ceph-mgr': 'ceph-mgr',
  'ceph-osd': 'ceph-osd',
};

/** One sentence for each thing that is missing; empty when the lab can run. */
export function missingRequirements(isCeph = false): string[] {
  const missing: string[] = [];
  if (process.platform !== 'linux') return ['the lab needs Linux (network namespaces)'];
  if (process.getuid?.() !== 0) missing.push('the lab needs root (network namespaces, addresses, iSCSI targets)');
  missing.push(...missingPrograms({ ...programs, ...(isCeph ? cephPrograms : {}) }));
  if (isCeph && isOnPath('tgtd') && !exists('/usr/lib/tgt/backing-store/bs_rbd.so')) {
    missing.push('tgtd cannot open images of Ceph (Debian package tgt-rbd)');
  }
  return missing;
}

/** Programs and the packages that they are in: one sentence for each that is found nowhere. */
export function missingPrograms(
  wanted: Readonly<Record<string, string>>,
  alsoIn: readonly string[] = [],
): readonly string[] {
  const missing = Object.entries(wanted).flatMap(([program, debianPackage]) =>
    isOnPath(program, alsoIn) ? [] : [`the program ${program} is missing (Debian package ${debianPackage})`],
  );
  const driver = '/usr/lib/x86_64-linux-gnu/qemu/block-iscsi.so';
  if (process.arch === 'x64' && 'qemu-io' in wanted && isOnPath('qemu-io', alsoIn) && !exists(driver)) {
    missing.push('qemu-io cannot speak iSCSI (Debian package qemu-block-extra)');
  }
  return missing;
}

function isOnPath(program: string, alsoIn: readonly string[] = []): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...alsoIn];
  return folders.some((folder) => folder !== '' && exists(join(folder, program)));
}

function exists(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
