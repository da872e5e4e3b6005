// The lines between the daemons, which ask each other directly: cut one by one, slow, or losing what they carry.
import { memoryPeerNetwork, type MemoryPeerNetwork, type PeerMessage } from '../../adapters/peers/memory.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { PeersPort } from '../../src/ports/peers.ts';
import type { Judge } from './judge.ts';
import type { Random } from './random.ts';
import type { Right } from './right.ts';
import type { Shape } from './shape.ts';
import type { World } from './world.ts';

export interface LossyPeers {
  readonly lose: number;
  readonly delayMs: number;
  readonly random: Random;
}

interface Asking {
  readonly name: string;
  readonly right: Right;
}

const rememberedMs = 10_000;

export class PeerLines {
  /** By node: what happens to all that it sends and hears. */
  readonly lossy = new Map<string, Set<LossyPeers>>();
  readonly #network: MemoryPeerNetwork;
  readonly #judge: Judge;
  readonly #world: World;
  readonly #shape: Shape;
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
  join({ name: node, right }: Asking, clock: Clock): PeersPort {
    const port = this.#network.join({ node, address: peerAddress(node), clock });
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
        const sentAtMs = clock.monotonicMs();
        const round = rounds.get(sentAtMs) ?? { asked: 0, vouched: 0 };
        round.asked += 1;
        rounds.set(sentAtMs, round);
        const outcome = await port.ask(peer, question, options);
        const isVouch = question.failsafe && outcome.kind === 'done' && outcome.value.objection === null;
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
    this.#cut.set(line, (this.#cut.get(line) ?? 0) + by);
    this.noteTrouble(lineOf(from, to));
  }

  noteTrouble(what: string): void {
    this.#troubledMs.set(what, this.#world.nowMs);
  }

  /** Nobody can be missed by a node that had every chance to hear it. */
  judgeMissed(hosts: ReadonlyMap<string, { readonly isWell: boolean }>, event: object): void {
    const { peers: settings, messageMs } = this.#shape;
    if (settings === null) return;
    const victim = String(Reflect.get(event, 'node'));
    const by = Reflect.get(event, 'by') as readonly string[];
    const sinceMs = this.#world.nowMs - settings.missedMs / 2 - 2 * settings.everyMs - 4 * messageMs - 100;
    const wasTroubled = (what: string): boolean => (this.#troubledMs.get(what) ?? -Infinity) >= sinceMs;
    const wasThere = hosts.get(victim)?.isWell === true && !wasTroubled(victim);
    const heard = by.filter((accuser) => {
      const isBad = this.#isBad(accuser, victim) || this.#isBad(victim, accuser);
      return wasThere && !isBad && !wasTroubled(lineOf(accuser, victim));
    });
    if (heard.length === 0) return;
    const what = `${victim} is missed by ${heard.join(', ')}, and was there to hear`;
    this.#judge.violate('an innocent node was excluded', what);
  }

  #isBad(from: string, to: string): boolean {
    const isLossy = [from, to].some((node) => (this.lossy.get(node)?.size ?? 0) > 0);
    return isLossy || (this.#cut.get(`${from} ${to}`) ?? 0) > 0;
  }

  #carry({ from, to }: PeerMessage): number | null {
    if ((this.#cut.get(`${from} ${to}`) ?? 0) > 0) return null;
    let ms = this.#shape.messageMs;
    for (const node of [from, to]) {
      for (const { lose, delayMs, random } of this.lossy.get(node) ?? []) {
        if (random.chance(lose)) return null;
        ms += random.wait(delayMs);
      }
    }
    return ms;
  }
}

export const peerAddress = (node: string): string => `${node}:1`;

const lineOf = (one: string, other: string): string => [one, other].sort().join(' ');
