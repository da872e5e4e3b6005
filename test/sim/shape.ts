// What a seed decides before anything happens: how many nodes and paths, how they exclude, how their clocks run.
import type { Method } from '../../machines/exclusion/events.ts';
import type { DaemonSettings } from '../../src/daemon/settings.ts';
import type { Random } from './random.ts';

export interface Shape {
  readonly seed: number;
  readonly nodes: readonly string[];
  readonly disks: readonly { readonly disk: string; readonly paths: readonly SimPath[] }[];
  readonly methods: readonly Method[];
  readonly lockDelayMs: number;
  /** A host whose daemon does not feed its watchdog for so long is reset; null: it has none. */
  readonly watchdogMs: number | null;
  /** The daemons ask each other directly; null: they do not. */
  readonly peers: Omit<NonNullable<DaemonSettings['peers']>, 'address'> | null;
  /** What is served is read back so often. */
  readonly observeEveryMs: number;
  readonly nodeHealth: boolean;
  /** Consul ends a session that is not renewed after so many TTLs. */
  readonly expiryFactor: number;
  readonly rates: readonly number[];
  readonly timersEarlyMs: number;
  readonly commitMs: number;
  readonly commandMs: number;
  readonly messageMs: number;
  readonly probeMs: number;
  readonly writeEveryMs: number;
  /** Faults happen before this, and none of them lasts longer. */
  readonly troubleMs: number;
  /** After it every path has to be served. */
  readonly calmMs: number;
}

export interface SimPath {
  /** `disk/index` */
  readonly id: string;
  readonly ip: string;
}

export interface Wish {
  readonly nodes: number;
  readonly paths: number | null;
  readonly hours: number;
  /** Instead of what the seed decides. */
  readonly peers?: Shape['peers'];
}

/** What the methods stand for. `boundMs` covers lease and watchdog, with clocks that run apart. */
export const times = {
  ttlMs: 10_000,
  marginMs: 2_000,
  renewEveryMs: 2_000,
  boundMs: 16_000,
  watchdogMs: 3_000,
  teardownMs: 3_000,
  /** Lease, teardown, the oldest token that is fed, watchdog. */
  standstillMs: 8_000 + 3_000 + 1_000 + 3_000,
  fenceMs: 5_000,
  lookEveryMs: 10_000,
  calmMs: 240_000,
} as const;

const self = { method: 'self', waitMs: 1_000 } as const;
const bound = { method: 'leaseBound', boundMs: times.boundMs } as const;
const ladders: readonly (readonly Method[])[] = [
  [self, { method: 'command', position: 1 }],
  [self, bound],
  [self, { method: 'command', position: 1 }, bound],
  [{ method: 'command', position: 0 }],
];
/** Instead of switching it off, nodes have the storage refuse the lost one. */
const byStorage = (method: Method): Method => (method.method === 'command' ? { ...method, method: 'ceph' } : method);
const portsPerDisk = 2;

export function shapeOf(seed: number, wish: Wish, random: Random): Shape {
  const nodes = Array.from({ length: wish.nodes }, (_, at) => `n${String(at + 1)}`);
  const paths = wish.paths ?? random.pick([1, 2, 2, 3, 4, 6]);
  const methods = random.pick(ladders);
  const isBound = methods.some(({ method }) => method === 'leaseBound');
  const shape = {
    seed,
    nodes,
    disks: disksOf(paths),
    lockDelayMs: isBound ? times.boundMs + times.marginMs : random.pick([0, 2_000, 5_000]),
    watchdogMs: isBound ? times.watchdogMs : null,
    nodeHealth: random.chance(0.7),
    observeEveryMs: random.pick([2_000, 5_000, 10_000]),
    expiryFactor: random.pick([1, 1.5, 2]),
    rates: nodes.map(() => 1 + (random.next() - 0.5) * 0.04),
    timersEarlyMs: random.pick([0, 0, 1, 3]),
    commitMs: random.pick([0, 0, 2, 10]),
    commandMs: random.pick([0, 5, 40]),
    messageMs: random.pick([0, 1, 10]),
    probeMs: random.pick([0, 0, 50]),
    writeEveryMs: paths > 10 ? 30_000 : 10_000,
    troubleMs: Math.max(60_000, wish.hours * 3_600_000 - times.calmMs),
    calmMs: times.calmMs,
    peers: wish.peers === undefined ? peersOf(random) : wish.peers,
  };
  // Drawn last: what a seed decided before there was such a storage stays as it was.
  return { ...shape, methods: random.chance(0.35) ? methods.map(byStorage) : methods };
}

/** Rarer questions make more simulated time of the same computing time. */
const heartbeats = [
  { everyMs: 200, missedMs: 1_000 },
  { everyMs: 500, missedMs: 1_600 },
  { everyMs: 1_000, missedMs: 3_000 },
] as const;

/** As a node is delivered. */
export const usualPeers = { ...heartbeats[0], exclude: true, failsafe: true } as const;

const peersOf = (random: Random): Shape['peers'] =>
  random.chance(0.5)
    ? null
    : { ...random.pick(heartbeats), exclude: random.chance(0.7), failsafe: random.chance(0.7) };

/** Is there a storage that refuses nodes? */
export const refuses = ({ methods }: Shape): boolean => methods.some(({ method }) => method === 'ceph');

function disksOf(paths: number): Shape['disks'] {
  return Array.from({ length: Math.ceil(paths / portsPerDisk) }, (_, at) => {
    const disk = `d${String(at + 1)}`;
    const count = Math.min(portsPerDisk, paths - at * portsPerDisk);
    const pathOf = (_none: unknown, index: number): SimPath => ({
      id: `${disk}/${String(index + 1)}`,
      ip: `10.0.${String(at + 1)}.${String(index + 1)}`,
    });
    return { disk, paths: Array.from({ length: count }, pathOf) };
  });
}
