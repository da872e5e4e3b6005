// The lines between the daemons, which ask each other directly: cut one by one, slow, or losing what they carry.
import { memoryPeerNetwork, type MemoryPeerNetwork, type PeerMessage } from '../../adapters/peers/memory.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { PeersPort } from '../../src/ports/peers.ts';
import type { Judge } from './judge.ts';
import type { Random } from './random.ts';
import type { Shape } from './shape.ts';
import type { World } from './world.ts';

export interface LossyPeers {
  readonly lose: number;
  readonly delayMs: number;
  readonly random: Random;
}

export class PeerLines {
  /** By node: what happens to all that it sends and hears. */
  readonly lossy = new Map<string, Set<LossyPeers>>();
  readonly #network: MemoryPeerNetwork;
  readonly #world: World;
  readonly #shape: Shape;
  readonly #cut = new Map<string, number>();
  /** When the trouble of a node, or of a line between two, was over. */
  readonly #troubledMs = new Map<string, number>();

  constructor(shape: Shape, world: World) {
    this.#shape = shape;
    this.#world = world;
    const clock = { monotonicMs: () => world.nowMs, wallMs: () => world.nowMs, after: world.after.bind(world) };
    this.#network = memoryPeerNetwork({ clock, carry: (message) => this.#carry(message) });
  }

  /** A daemon that starts; the last one at its place is forgotten. */
  join(node: string, clock: Clock): PeersPort {
    return this.#network.join({ node, address: peerAddress(node), clock });
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
  judge(judge: Judge, victim: string, by: readonly string[], isWell: (node: string) => boolean): void {
    const settings = this.#shape.peers;
    if (settings === null) return;
    const sinceMs = this.#world.nowMs - settings.missedMs / 2 - 2 * settings.everyMs - 4 * this.#shape.messageMs - 100;
    const wasTroubled = (what: string): boolean => (this.#troubledMs.get(what) ?? -Infinity) >= sinceMs;
    const heard = by.filter((accuser) => {
      const line = lineOf(accuser, victim);
      const isBad = this.#isBad(accuser, victim) || this.#isBad(victim, accuser);
      return isWell(victim) && !wasTroubled(victim) && !wasTroubled(line) && !isBad;
    });
    if (heard.length === 0) return;
    judge.violate('an innocent node was excluded', `${victim} is missed by ${heard.join(', ')}, and was there to hear`);
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
