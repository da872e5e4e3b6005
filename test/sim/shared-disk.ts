// The storage that all nodes share. Initiators write through whoever serves; each write lands a while later, and it is
// known which incarnation took it.
import type { MemoryHost } from '../../adapters/memory-host.ts';
import type { Judge } from './judge.ts';
import type { Random } from './random.ts';
import type { Shape } from './shape.ts';
import type { Timeline } from './timeline.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

/** Who opened a portal: the epoch grows with each owner of the path. */
export interface Incarnation {
  readonly node: string;
  readonly session: string;
  readonly epoch: number;
}

interface InFlight {
  readonly path: string;
  readonly by: Incarnation;
  done: boolean;
}

export class SharedDisk {
  writes = 0;
  readonly #judge: Judge;
  readonly #world: World;
  readonly #trace: Trace;
  /** By path: the newest incarnation with a write that landed. */
  readonly #newest = new Map<string, Incarnation>();
  /** By node and path: who opened the portal there. */
  readonly #openedBy = new Map<string, Incarnation>();
  /** By node and path: for whom it was last asked to be opened there. */
  readonly #asked = new Map<string, Incarnation>();
  /** By node and path. */
  readonly #inFlight = new Map<string, Set<InFlight>>();
  readonly #kernels = new Map<string, Timeline>();

  constructor(judge: Judge, world: World, trace: Trace) {
    this.#judge = judge;
    this.#world = world;
    this.#trace = trace;
  }

  /** The host has power; its kernel carries writes. */
  boot(node: string, kernel: Timeline): void {
    this.#kernels.set(node, kernel);
  }

  /** A daemon has given the command to open the portal; it may happen much later. */
  asked(path: string, by: Incarnation): void {
    this.#asked.set(`${by.node} ${path}`, by);
  }

  /** Follows the portals of a host. To be called before anybody else looks at them. */
  watch({ node, portals }: MemoryHost, shape: Shape, random: Random): void {
    const pathOf = new Map(shape.disks.flatMap(({ paths }) => paths.map(({ id, ip }) => [ip, id] as const)));
    const placeOf = (key: string): string => `${node} ${pathOf.get(key.split(' ')[0] ?? '') ?? ''}`;
    const set = portals.set.bind(portals);
    const remove = portals.delete.bind(portals);
    Object.assign(portals, {
      set: (key: string, iqn: string) => {
        const by = this.#asked.get(placeOf(key));
        if (by !== undefined) this.#openedBy.set(placeOf(key), by);
        return set(key, iqn);
      },
      delete: (key: string) => {
        this.#close(placeOf(key), random);
        return remove(key);
      },
    });
  }

  /** Its commands have ended: each has landed or never will. */
  #close(place: string, random: Random): void {
    for (const write of this.#inFlight.get(place) ?? []) {
      if (random.chance(0.5)) this.#land(write);
      write.done = true;
    }
    this.#inFlight.delete(place);
  }

  /** From now on it takes writes of this node again, whenever and for whomever they were given. */
  cleared(node: string): void {
    for (const [place, writes] of this.#inFlight) {
      const [write] = writes;
      if (!place.startsWith(`${node} `) || write === undefined) continue;
      const what = `${node} is cleared, and a write of epoch ${String(write.by.epoch)} to ${write.path} still waits`;
      this.#judge.violate('cleared with writes on their way', what);
    }
  }

  powerLost(node: string): void {
    this.#kernels.get(node)?.end();
    for (const [place, writes] of this.#inFlight) {
      if (!place.startsWith(`${node} `)) continue;
      for (const write of writes) write.done = true;
      this.#inFlight.delete(place);
    }
  }

  /** Initiators that write to every path at moments of their own. */
  startInitiators(shape: Shape, random: Random, isReachable: (node: string) => boolean): void {
    for (const { id } of shape.disks.flatMap(({ paths }) => paths)) {
      const chance = random.fork();
      const again = (): void => {
        this.#world.after(chance.wait(shape.writeEveryMs), () => {
          for (const node of this.#judge.servers(id)) if (isReachable(node)) this.#accept(id, node, chance);
          again();
        });
      };
      again();
      this.#judge.onServing((path, node, serves) => {
        if (path === id && serves) this.#accept(id, node, chance);
      });
    }
  }

  #accept(path: string, node: string, random: Random): void {
    const place = `${node} ${path}`;
    const by = this.#openedBy.get(place);
    const kernel = this.#kernels.get(node);
    if (by === undefined || kernel === undefined || !kernel.isRunning) return;
    const write: InFlight = { path, by, done: false };
    const writes = this.#inFlight.get(place) ?? new Set();
    this.#inFlight.set(place, writes.add(write));
    // Most land at once; some wait for a slow disk.
    kernel.after(random.chance(0.15) ? random.wait(10_000) : random.between(0, 20), () => {
      writes.delete(write);
      this.#land(write);
    });
  }

  #land(write: InFlight): void {
    if (write.done) return;
    write.done = true;
    if (this.#judge.refuses(write.by.node)) return;
    this.writes += 1;
    const { path, by } = write;
    const newest = this.#newest.get(path);
    this.#trace.mark(path, by.epoch);
    if (newest !== undefined && newest.epoch > by.epoch) {
      const what = `${by.node} (epoch ${String(by.epoch)}) wrote to ${path} after ${newest.node} (epoch ` +
        `${String(newest.epoch)}) had`;
      this.#judge.violate('a write of an excluded incarnation', what);
    }
    if (newest === undefined || newest.epoch < by.epoch) this.#newest.set(path, by);
  }
}
