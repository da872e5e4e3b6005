// What the virtual machine needs from its host, said all at once when something is missing.
import { missingPrograms } from '../lab/requirements.ts';

const programs: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  modprobe: 'kmod',
  xz: 'xz-utils',
  setpriv: 'util-linux',
  'mkfs.ext4': 'e2fsprogs',
  dmsetup: 'dmsetup',
  lvcreate: 'lvm2',
  ip: 'iproute2',
  ss: 'iproute2',
  arping: 'iputils-arping',
  ndisc6: 'ndisc6',
  ndptool: 'libndp-tools',
  socat: 'socat',
  nft: 'nftables',
  tgtd: 'tgt',
  'iscsi-inq': 'libiscsi-bin',
  'qemu-io': 'qemu-utils',
  targetcli: 'targetcli-fb',
  'dbus-daemon': 'dbus-daemon',
  iscsid: 'open-iscsi',
  multipathd: 'multipath-tools',
  udevadm: 'udev',
  'ceph-mon': 'ceph-mon',
  'ceph-mgr': 'ceph-mgr',
  'ceph-osd': 'ceph-osd',
  rbd: 'ceph-common',
  'rbd-nbd': 'rbd-nbd',
};

/** One sentence for each thing that is missing; empty when the machine can run. */
export function missingRequirements(): string[] {
  if (process.platform !== 'linux' || process.arch !== 'x64') return ['the virtual machine needs Linux on x86-64'];
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('the virtual machine needs root (it reads all files of the host)');
  // Inside they are on the PATH.
  return [...missing, ...missingPrograms(programs, ['/usr/sbin', '/sbin'])];
}
