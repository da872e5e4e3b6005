// Faults in an order that chance alone hardly ever finds, each around one rule that nothing else covers.
import type { Fault, FaultKind } from './fault.ts';
import type { Random } from './random.ts';
import type { Shape } from './shape.ts';

interface Here {
  readonly shape: Shape;
  readonly atMs: number;
  readonly random: Random;
  readonly node: string;
  /** Nothing lasts longer than the trouble may. */
  readonly lasting: (ms: number) => number;
}

const now = { what: 'time', count: 0 } as const;

export function hardest(shape: Shape, atMs: number, random: Random, kinds: readonly FaultKind[]): readonly Fault[] {
  const lasting = (ms: number): number => Math.max(1, Math.min(shape.troubleMs - atMs, ms));
  const here = { shape, atMs, random, node: random.pick(shape.nodes), lasting };
  const { peers } = shape;
  const all = [
    proofCutShort,
    ...(peers?.failsafe === true ? [lostInTheDark, backInTheDark] : []),
    ...(peers?.exclude === true ? [asleepAmongAccusers] : []),
  ];
  return random.pick(all)(here).filter((fault) => kinds.includes(fault.kind) && fault.atMs < shape.troubleMs - 1_000);
}

/** It proves its own end, and dies without its journal before it has ended its session, which lives on. */
function proofCutShort({ atMs, random, node, lasting }: Here): readonly Fault[] {
  const cutMs = random.between(8_000, 14_000);
  const moment = { what: 'request', count: random.between(1, 12) } as const;
  return [
    { atMs, node, kind: 'cutOff', way: random.pick(['both', 'answers']), gossip: false, forMs: lasting(cutMs) },
    { atMs: atMs + cutMs, node, kind: 'killDaemon', moment, downMs: random.pick([0, 500]), journal: 'lost' },
  ];
}

/** Its session is lost while it hears nothing; then the others hear nothing either. */
function lostInTheDark({ atMs, random, node, lasting }: Here): readonly Fault[] {
  const darkMs = random.between(15_000, 60_000);
  const laterMs = random.between(500, 3_000);
  return [
    { atMs, node, kind: 'cutOff', way: 'both', gossip: false, forMs: lasting(darkMs + 15_000) },
    { atMs: atMs + 1_000, node, kind: 'endSession' },
    { atMs: atMs + 1_000 + laterMs, kind: 'noLeader', silent: random.chance(0.5), forMs: lasting(darkMs) },
  ];
}

/** It was gone, and comes back to a Consul that the others do not reach. */
function backInTheDark({ shape, atMs, random, node, lasting }: Here): readonly Fault[] {
  const darkMs = random.between(15_000, 60_000);
  const side = shape.nodes.filter((each) => each !== node);
  return [
    { atMs, node, kind: 'powerLoss', moment: now, downMs: 25_000 + random.between(500, 3_000) },
    { atMs: atMs + 24_000, kind: 'split', side, gossip: random.chance(0.5), forMs: lasting(darkMs + 20_000) },
  ];
}

/** It sleeps so briefly that it knows Consul well when it wakes, while all but a few others miss the same node. */
function asleepAmongAccusers({ shape, atMs, random, node, lasting }: Here): readonly Fault[] {
  const [victim = node, ...others] = shape.nodes.filter((each) => each !== node);
  const accusers = others.slice(0, Math.floor((shape.nodes.length - 1) / 2));
  const seed = random.between(0, 2 ** 31);
  const sleepMs = random.between(1_000, 2_900);
  return [
    { atMs, node: victim, kind: 'peersCut', way: 'both', others: accusers, forMs: lasting(30_000) },
    {
      atMs: atMs + random.between(4_000, 12_000), node, kind: 'pauseDaemon', seed, moment: now, forMs: lasting(sleepMs),
    },
  ];
}
