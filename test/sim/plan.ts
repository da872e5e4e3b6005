// Everything that will go wrong in a run, as data: so that a failing run can be tried again with less of it.
import type { Fault, FaultKind, Moment } from './fault.ts';
import { hardest } from './hardest.ts';
import type { Shape } from './shape.ts';
import { randomFrom, type Random } from './random.ts';

const weights: Readonly<Record<FaultKind, number>> = {
  killDaemon: 10, powerLoss: 7, restart: 4, pauseDaemon: 8, freezeHost: 6, wallJump: 2, lossy: 8, cutOff: 9,
  unlinked: 2, gossipLies: 5, endSession: 5, badCommands: 12, badJournal: 5, tamper: 3, drain: 4, release: 6,
  confirmDown: 3, stopDisk: 3, noLeader: 6, badFence: 6, maintenance: 5,
  peersCut: 7, peersLossy: 4, split: 5,
};
const faultKinds = Object.keys(weights) as readonly FaultKind[];
const bag = faultKinds.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind));

const losses: readonly FaultKind[] = ['endSession', 'gossipLies', 'cutOff', 'release', 'pauseDaemon'];
const hindrances: readonly FaultKind[] = ['badCommands', 'badCommands', 'badCommands', 'badJournal', 'lossy'];

/** Faults come in bursts, so that they meet, with calm between them, so that each burst finds a whole cluster. */
export function planOf(shape: Shape, random: Random, only: readonly FaultKind[] = faultKinds): readonly Fault[] {
  if (shape.peers?.failsafe === true && only.includes('noLeader') && random.chance(0.08)) {
    return [quorumLoss(shape, random)];
  }
  const plan: Fault[] = [];
  const kinds = bag.filter((kind) => only.includes(kind) && (shape.peers !== null || !kind.startsWith('peers')));
  let atMs = 10_000 + random.wait(10_000);
  while (kinds.length > 0 && atMs < shape.troubleMs - 30_000) {
    const count = random.between(1, 6);
    // Troubles that meet on one node are the ones that nobody thought of.
    const node = random.chance(0.6) ? random.pick(shape.nodes) : null;
    // A session that is lost while commands do not do what they should is the hardest of all.
    const pair = random.chance(0.4) ? [random.pick(losses), random.pick(hindrances)] : [];
    const both = { atMs, at: random.pick(shape.nodes) };
    const wanted = pair.filter((kind) => kinds.includes(kind));
    for (const kind of wanted) plan.push(faultAt(shape, kind, both, random.fork()));
    if (random.chance(0.3)) plan.push(...hardest(shape, atMs, random.fork(), kinds));
    for (let each = 0; each < count; each += 1) {
      const when = atMs + random.pick([random.between(0, 30), random.between(0, 500), random.wait(6_000)]);
      const kind = random.pick(kinds);
      const fault = faultAt(shape, kind, { atMs: when, at: node }, random.fork());
      if (when < shape.troubleMs - 1_000) plan.push(fault);
    }
    atMs += 30_000 + random.wait(90_000);
  }
  return plan.toSorted((a, b) => a.atMs - b.atMs);
}

export const everyKind = faultKinds;

/** Nothing but a loss of the quorum, for as long as there is. */
function quorumLoss(shape: Shape, random: Random): Fault {
  const atMs = 30_000 + random.wait(10_000);
  return { atMs, kind: 'noLeader', silent: random.chance(0.5), forMs: Math.max(1, shape.troubleMs - atMs) };
}

/** With failsafe, such a run may interrupt nothing. */
export const isQuorumLoss = ({ peers }: Shape, plan: readonly Fault[]): boolean =>
  peers?.failsafe === true && plan.length > 0 && plan.every(({ kind }) => kind === 'noLeader');

function faultAt(
  shape: Shape,
  kind: FaultKind,
  { atMs, at: focus }: { readonly atMs: number; readonly at: string | null },
  random: Random,
): Fault {
  const node = focus ?? random.pick(shape.nodes);
  const leftMs = shape.troubleMs - atMs;
  const lasting = (meanMs: number): number => Math.max(1, Math.min(leftMs, random.wait(meanMs)));
  const downMs = Math.min(leftMs, random.pick([0, 500, 2_000, random.wait(10_000), random.wait(40_000)]));
  const seed = random.between(0, 2 ** 31);
  const paths = shape.disks.flatMap((disk) => disk.paths.map(({ id }) => id));
  const at = { atMs, node };
  switch (kind) {
    case 'killDaemon':
      return { ...at, kind, moment: momentOf(random), downMs, journal: random.chance(0.1) ? 'lost' : 'kept' };
    case 'powerLoss':
      return { ...at, kind, moment: momentOf(random), downMs: Math.max(1_000, downMs) };
    case 'restart':
      return { ...at, kind, how: random.pick(['keep', 'drain']), downMs };
    case 'pauseDaemon':
      return {
        ...at, kind, seed, forMs: lasting(random.pick([500, 5_000, 15_000, 60_000])), moment: momentOf(random),
      };
    case 'freezeHost':
      return {
        ...at, kind, seed, forMs: lasting(random.pick([2_000, 15_000, 60_000])), clockStops: random.chance(0.5),
        moment: momentOf(random),
      };
    case 'wallJump':
      return { ...at, kind, byMs: random.between(-3_600_000, 3_600_000) };
    case 'lossy':
      return {
        ...at, kind, seed, forMs: lasting(20_000), lose: random.next() * 0.4, loseAnswer: random.next() * 0.5,
        twice: random.next() * 0.2, delayMs: random.pick([20, 300, 1_500]),
      };
    case 'cutOff':
      return {
        ...at, kind, forMs: lasting(random.pick([3_000, 12_000, 40_000])),
        way: random.pick(['both', 'requests', 'answers']), gossip: random.chance(0.5),
      };
    case 'peersCut':
      return {
        ...at, kind, forMs: lasting(random.pick([1_000, 5_000, 40_000])), way: random.pick(['both', 'out', 'in']),
        others: someOf(shape.nodes.filter((each) => each !== node), random),
      };
    case 'peersLossy':
      return {
        ...at, kind, seed, forMs: lasting(20_000), lose: random.next() * 0.6, delayMs: random.pick([20, 300, 1_500]),
      };
    case 'split':
      return {
        atMs, kind, side: someOf(shape.nodes, random), gossip: random.chance(0.5),
        forMs: lasting(random.pick([3_000, 20_000, 60_000])),
      };
    case 'badCommands':
      return {
        ...at, kind, seed, forMs: lasting(random.pick([2_000, 20_000, 60_000])), verbs: random.pick(verbGroups),
        how: random.pick(['slow', 'refuse', 'unknown', 'applied', 'hang']), share: random.pick([0.2, 0.5, 1]),
      };
    case 'badJournal':
      return { ...at, kind, how: random.pick(['full', 'hang']), forMs: lasting(random.pick([300, 3_000, 20_000])) };
    case 'tamper':
      return { ...at, kind, path: random.pick(paths), what: random.pick(['address', 'portal']) };
    case 'release':
      return { ...at, kind, path: random.pick(paths), to: random.chance(0.5) ? random.pick(shape.nodes) : null };
    case 'confirmDown':
      return { ...at, kind, by: random.pick(shape.nodes) };
    case 'stopDisk':
      return { atMs, kind, disk: random.pick(shape.disks).disk, forMs: lasting(10_000) };
    case 'noLeader':
      return { atMs, kind, silent: random.chance(0.5), forMs: lasting(random.pick([1_000, 5_000, 30_000, 120_000])) };
    case 'badFence':
      return { atMs, kind, how: random.pick(['late', 'fail', 'hang', 'wrong']), forMs: lasting(40_000) };
    case 'maintenance': {
      const forMs = lasting(random.pick([5_000, 30_000, 90_000]));
      const of = random.pick<'cluster' | 'node'>(['cluster', 'node']);
      return { ...at, kind, of, isTimed: random.chance(0.3), forMs };
    }
    case 'endSession':
      return { ...at, kind };
    default:
      return { ...at, kind, forMs: lasting(10_000) };
  }
}

const someOf = (nodes: readonly string[], random: Random): readonly string[] => {
  const some = nodes.filter(() => random.chance(0.6));
  return some.length > 0 ? some : nodes.slice(0, 1);
};

/** Verbs begin with one of these. While none of them does what it should, nothing can be torn down. */
const verbGroups = ['', '', '', 'target.', 'address.', 'traffic.', 'backstore.', 'target.ensureClosed',
  'target.observe', 'address.observe', 'address.ensureRemoved', 'target.ensureOpen'];

const momentOf = (random: Random): Moment =>
  random.chance(0.4)
    ? { what: 'time', count: 0 }
    : { what: random.pick(['record', 'command', 'request']), count: random.between(1, 12) };

/** Chance of its own for one fault: what else is planned does not change it. */
export const chanceOf = (fault: { readonly seed: number }): Random => randomFrom(fault.seed);
