// A host on which everything is right, so that each test says only what is not.
import type {
  CephPort, ConsulFactsPort, FileFacts, HostPort, ImagesPort, Link, PeerKnockPort, ShownSizesPort, TgtPort,
} from '../../src/ports/doctor.ts';
import { done, type Outcome } from '../../src/ports/outcome.ts';
import type { DiskSpec } from '../../src/core/records.ts';
import { parseConfig } from '../../src/config/config.ts';
import { examine } from '../../src/doctor/examine.ts';
import type { Finding } from '../../src/doctor/finding.ts';
import type { Ports } from '../../src/doctor/setup.ts';

export const privateFile: FileFacts = {
  kind: 'file', mode: 0o600, isMine: true, isReadable: true, isWritable: true, bytes: 64,
};
const folder: FileFacts = { ...privateFile, kind: 'directory', mode: 0o700 };

export const links: readonly Link[] = [
  { name: 'lo', isUp: true, addresses: [{ ip: '127.0.0.1', prefix: 8 }] },
  { name: 'eth1', isUp: true, addresses: [{ ip: '10.0.1.1', prefix: 24 }, { ip: 'fd00::1', prefix: 64 }] },
  { name: 'eth2', isUp: false, addresses: [] },
];

export const rightHost: HostPort = {
  isRoot: true,
  node: { path: '/usr/bin/node', version: 'v26.10.0' },
  program: async (name) => done({ path: `/usr/sbin/${name}`, version: '16.2' }),
  kernelModule: async () => done('loaded'),
  kernelOption: async () => done(true),
  file: async (path) => done(path === '/var/lib/pathwarden' ? folder : privateFile),
  freeBytes: async () => done(10e9),
  links: async () => done(links),
  clockSynchronised: async () => done({ is: true, by: 'timedatectl' }),
  clockSource: async () => done('tsc'),
  clocksPassed: async () => ({ monotonicMs: 200, wallMs: 200 }),
  watchdog: async () => ({ kind: 'fits', identity: 'Software Watchdog', warning: null }),
  holders: async () => done([]),
  fenceAgent: async () => done(null),
};

export const rightTgt: TgtPort = {
  observe: async () => done({ portals: 1, wildcard: null }),
};

export const rightAgent = {
  version: '1.20.1', node: 'gw1', isServer: true, electionTimeoutMs: 1000, clockAheadMs: -400,
};

export const rightConsul: ConsulFactsPort = {
  agent: async () => done(rightAgent),
  leader: async () => done('10.0.0.1:8300'),
  keys: async () => done({ index: 7, entries: [] }),
  mayWriteKeys: async () => done(null),
  mayUseSessions: async () => done({ leastTtlMs: 10_000 }),
};

export const rightCeph: CephPort = {
  status: async () => done({ health: 'HEALTH_OK' }),
  blocklist: async () => done(0),
  silentOsds: async () => done([]),
  caps: async () => done({ mon: 'allow *', osd: 'allow *' }),
};

const rightImages: ImagesPort = {
  inPool: async () => done(new Map([['image-00001', 67_108_864], ['image-00002', 67_108_864]])),
  uncached: async () => done(null),
  volumes: async () => done(new Map([['vg1/disk-00001', 67_108_864]])),
};

export interface Given {
  /** YAML. */
  readonly config?: string;
  readonly host?: Partial<HostPort>;
  readonly tgt?: Partial<TgtPort>;
  /** By disk, the megabytes that initiators see here. */
  readonly shown?: Readonly<Record<string, number>>;
  readonly sizes?: ShownSizesPort;
  readonly filter?: Outcome;
  readonly images?: Partial<ImagesPort>;
  readonly consul?: Partial<ConsulFactsPort> | Outcome<never>;
  readonly ceph?: Partial<CephPort>;
  readonly knock?: PeerKnockPort['knock'];
  readonly peers?: Outcome<never>;
  /** What Consul holds below its prefix: by key, the value. */
  readonly keys?: Readonly<Record<string, object>>;
}

/** What the doctor says of such a host. */
export async function doctorOn(given: Given = {}): Promise<Findings> {
  const entries = Object.entries(given.keys ?? {}).map(([key, value]) => ({
    key, value: JSON.stringify(value), flags: 0, createIndex: 1, modifyIndex: 1, lockIndex: 1, session: 'alive',
  }));
  const { consul = {} } = given;
  const port: ConsulFactsPort = { ...rightConsul, keys: async () => done({ index: 7, entries }), ...consul };
  const ports: Ports = {
    host: { ...rightHost, ...given.host },
    tgt: { ...rightTgt, ...given.tgt },
    sizes: given.sizes ?? { shownMegabytes: async () => done(shownBy(given.shown ?? {})) },
    images: { ...rightImages, ...given.images },
    filter: { check: async () => given.filter ?? done(null) },
    consul: 'kind' in consul ? consul : done(port),
    ceph: () => ({ ...rightCeph, ...given.ceph }),
    peers: given.peers ?? done({ knock: given.knock ?? (async () => done(null)) }),
  };
  const config = parseConfig(`node: { name: gw1 }\n${given.config ?? ''}`, 'pathwarden.yaml');
  return new Findings(await examine(config, ports));
}

const shownBy = (disks: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map(Object.entries(disks).map(([id, megabytes]) => [disk(id).wwn, megabytes]));

export class Findings {
  readonly all: readonly Finding[];

  constructor(all: readonly Finding[]) {
    this.all = all;
  }

  /** `failure: what it found → the fix`, or that nothing was said. */
  of(area: string, what: string): string {
    const finding = this.all.find((each) => each.area === area && each.what === what);
    if (finding === undefined) return 'nothing';
    const { level, found, fix } = finding;
    return fix === '' ? `${level}: ${found}` : `${level}: ${found} → ${fix}`;
  }

  get areas(): readonly string[] {
    return [...new Set(this.all.map(({ area }) => area))];
  }

  get notRight(): readonly Finding[] {
    return this.all.filter(({ level }) => level !== 'ok');
  }
}

export const disk = (id: string, more: Partial<DiskSpec> = {}): DiskSpec => ({
  desired: 'started',
  iqn: `iqn.2026-01.net.example:${id}`,
  wwn: id.padStart(16, '0'),
  backstore: { kind: 'file', path: `/srv/images/${id}.img` },
  access: { initiators: [] },
  paths: [{ index: 1, ip: `10.0.1.1${id.slice(-2)}`, prefix: 24, interface: 'eth1' }],
  ...more,
});

export const node = (name: string, peers?: string): object => ({
  node: name, instance: 'i', bootId: 'b', version: '0.1.0', inspector: '', roles: ['gateway'], leaving: false, since: 1,
  ...(peers === undefined ? {} : { peers }),
});
