// The lines between the daemons, which ask each other directly: cut one by one, slow, or losing what they carry.
import { memoryPeerNetwork, type MemoryPeerNetwork, type PeerMessage } from '../../adapters/peers/memory.ts';
import type { PeersPort } from '../../src/ports/peers.ts';
import type { Judge } from './judge.ts';
import type { Random } from './random.ts';
import type { Right } from './right.ts';
import type { Shape } from './shape.ts';
import type { Timeline } from './timeline.ts';
import type { World } from './world.ts';

export interface LossyPeers {
  readonly node: string;
  readonly lose: number;
  readonly delayMs: number;
  readonly random: Random;
}

interface Asking {
  readonly name: string;
  readonly right: Right;
}

export interface Missed {
  /** Its daemon runs, and would answer as this incarnation. */
  speaksAs(session: string): boolean;
  /** Since when all who read Consul count it among the living; null while it is down or has not registered again. */
  readonly livesSinceMs: number | null;
}

const rememberedMs = 10_000;
/** Whoever judges others has read Consul not longer ago than this. */
const viewAgeMs = 10_000;

export class PeerLines {
  /** What happens to all that its node sends and hears. */
  readonly #lossy = new Set<LossyPeers>();
  readonly #network: MemoryPeerNetwork;
  readonly #judge: Judge;
  readonly #world: World;
  readonly #shape: Shape;
  /** By line: how many faults are in its way; none when it is not here. */
  readonly #cut = new Map<string, number>();
  /** When the trouble of a node, or of a line between two, was over. */
  readonly #troubledMs = new Map<string, number>();

  constructor(shape: Shape, world: World, judge: Judge) {
    this.#judge = judge;
    this.#shape = shape;
    this.#world = world;
    const clock = { monotonicMs: () => world.nowMs, wallMs: () => world.nowMs, after: world.after.bind(world) };
    this.#network = memoryPeerNetwork({ clock, carry: (message) => this.#carry(message) });
  }

  /** A daemon that starts; the last one at its place is forgotten. */
  join({ name: node, right }: Asking, process: Timeline): PeersPort {
    const deliver = process.deliver.bind(process);
    const port = this.#network.join({ node, address: peerAddress(node), clock: process, deliver });
    const rounds = new Map<number, { asked: number; vouched: number }>();
    return {
      ...port,
      // It answers nobody before it has recovered.
      answerWith: (answer) => {
        this.noteTrouble(node);
        port.answerWith(answer);
      },
      // Worked out from what was asked and answered, and never from what the daemon makes of it.
      ask: async (peer, question, options) => {
        if (!question.failsafe) return port.ask(peer, question, options);
        const sentAtMs = process.monotonicMs();
        const round = rounds.get(sentAtMs) ?? { asked: 0, vouched: 0 };
        round.asked += 1;
        rounds.set(sentAtMs, round);
        const outcome = await port.ask(peer, question, options);
        const isVouch = outcome.kind === 'done' && outcome.value.objection === null;
        if (isVouch) round.vouched += 1;
        if (round.vouched === round.asked) right.vouched(question.session ?? '', sentAtMs);
        for (const atMs of rounds.keys()) if (atMs < sentAtMs - rememberedMs) rounds.delete(atMs);
        return outcome;
      },
    };
  }

  /** More, or less, in the way of what goes from one to the other. */
  cut(from: string, to: string, by: number): void {
    const line = `${from} ${to}`;
    const cuts = (this.#cut.get(line) ?? 0) + by;
    if (cuts === 0) this.#cut.delete(line);
    else this.#cut.set(line, cuts);
    this.noteTrouble(lineOf(from, to));
  }

  /** Answers how to end it. */
  lose(lossy: LossyPeers): () => void {
    this.#lossy.add(lossy);
    return () => {
      this.#lossy.delete(lossy);
      for (const other of this.#shape.nodes) this.noteTrouble(lineOf(lossy.node, other));
    };
  }

  noteTrouble(what: string): void {
    this.#troubledMs.set(what, this.#world.nowMs);
  }

  /** A minority excludes nobody, and nobody can be missed by a node that had every chance to hear it. */
  judgeMissed(hosts: ReadonlyMap<string, Missed>, event: object): void {
    const { peers: settings, messageMs } = this.#shape;
    if (settings === null) return;
    const victim = String(Reflect.get(event, 'node'));
    const by = Reflect.get(event, 'by') as readonly string[];
    const isKnown = ({ livesSinceMs }: Missed) => this.#world.nowMs - (livesSinceMs ?? Infinity) > viewAgeMs;
    const voters = [...hosts.values()].filter(isKnown).length;
    if (by.length * 2 <= voters) {
      const what = `${victim} is missed by ${String(by.length)} of ${String(voters)}: that is no majority`;
      return this.#judge.violate('an innocent node was excluded', what);
    }
    const sinceMs = this.#world.nowMs - settings.missedMs / 2 - 2 * settings.everyMs - 4 * messageMs - 100;
    const wasTroubled = (what: string): boolean => (this.#troubledMs.get(what) ?? -Infinity) >= sinceMs;
    const session = String(Reflect.get(event, 'session'));
    const wasThere = hosts.get(victim)?.speaksAs(session) === true && !wasTroubled(victim);
    const heard = by.filter((accuser) => {
      const isBad = this.#isBad(accuser, victim) || this.#isBad(victim, accuser);
      return wasThere && !isBad && !wasTroubled(lineOf(accuser, victim));
    });
    if (heard.length === 0) return;
    const what = `${victim} is missed by ${heard.join(', ')}, and was there to hear`;
    this.#judge.violate('an innocent node was excluded', what);
  }

  #isBad(from: string, to: string): boolean {
    const isLossy = [...this.#lossy].some(({ node }) => node === from || node === to);
    return isLossy || this.#cut.has(`${from} ${to}`);
  }

  #carry({ from, to }: PeerMessage): number | null {
    if (this.#cut.size > 0 && this.#cut.has(`${from} ${to}`)) return null;
    let ms = this.#shape.messageMs;
    for (const { node, lose, delayMs, random } of this.#lossy) {
      if (node !== from && node !== to) continue;
      if (random.chance(lose)) return null;
      ms += random.wait(delayMs);
    }
    return ms;
  }
}

export const peerAddress = (node: string): string => `${node}:1`;

const lineOf = (one: string, other: string): string => [one, other].sort().join(' ');
