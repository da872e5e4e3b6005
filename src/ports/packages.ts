// Which package of Debian brings a program.

const packages: Readonly<Record<string, string>> = {
  tgtd: 'tgt',
  tgtadm: 'tgt',
  ceph: 'ceph-common',
  'ceph-conf': 'ceph-common',
  rados: 'ceph-common',
  rbd: 'ceph-common',
  lvs: 'lvm2',
  lvchange: 'lvm2',
  ip: 'iproute2',
  ss: 'iproute2',
  sysctl: 'procps',
  arping: 'iputils-arping',
  nft: 'nftables',
  ndisc6: 'ndisc6',
  ndptool: 'libndp-tools',
  socat: 'socat',
  ssh: 'openssh-client',
};

/** Undefined: nobody knows it, and it may well be called like the program. */
export const packageOf = (program: string): string | undefined =>
  packages[program] ?? (program.startsWith('fence_') ? 'fence-agents' : undefined);
