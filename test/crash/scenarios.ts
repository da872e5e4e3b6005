// What happens in the cluster while one of its daemons is cut. Each leaves a cluster that can be described without
// knowing who took what.
import type { DomainEvent } from '../../machines/intent.ts';
import type { World } from './world.ts';

/** How the cluster shall end up. */
export interface Goal {
  readonly joined: readonly string[];
  /** Hosts without power. */
  readonly off: readonly string[];
  /** Nodes that left in order. */
  readonly stopped: readonly string[];
  readonly served: readonly string[];
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Plays it on a cluster that serves everything. */
  readonly play: (world: World) => Promise<Goal>;
}

const names = ['n1', 'n2', 'n3'];
const disks = ['d1', 'd2'];
const soonMs = 30_000;

/** Three nodes and two disks with two paths each, everything served. */
export async function settle(world: World): Promise<void> {
  for (const name of names) world.boot(name);
  await world.until(() => names.every((name) => world.isUp(name) && world.stateOf(name, 'node') === 'joined'), soonMs);
  for (const [at, disk] of disks.entries()) {
    await world.addDisk(disk, [1, 2].map((index) => `10.0.${String(at)}.${String(index)}`));
  }
  await world.until(() => world.allServed(), soonMs);
  world.keepServed();
  await world.pass(world.random.below(12) * 50);
}

const say = (type: string, fields: object = {}): DomainEvent => ({ type, ...fields });
const everything = (world: World): Goal => ({ joined: names, off: [], stopped: [], served: world.paths() });
const others = (name: string): readonly string[] => names.filter((each) => each !== name);
const ownerOf = (world: World, path: string): string => world.servers(path)[0] ?? 'n1';
const isServedByOther = (world: World, path: string, than: string): boolean => {
  const servers = world.servers(path);
  return servers.length === 1 && servers[0] !== than;
};

export const scenarios: readonly Scenario[] = [
  {
    name: 'takeover',
    about: 'a host loses its power and stays off',
    async play(world) {
      const victim = world.random.pick(names);
      world.touch(world.pathsOf(victim));
      world.powerOff(victim);
      await world.until(() => world.allServed(), soonMs);
      return { joined: others(victim), off: [victim], stopped: [], served: world.paths() };
    },
  },
  {
    name: 'reboot',
    about: 'a host loses its power and comes back',
    async play(world) {
      const victim = world.random.pick(names);
      world.touch(world.pathsOf(victim));
      world.powerOff(victim);
      await world.pass(500 + world.random.below(8) * 500);
      world.boot(victim, world.nextBootId(victim));
      await world.until(() => world.allServed(), soonMs);
      return everything(world);
    },
  },
  {
    name: 'release',
    about: 'an operator sends a path to another node',
    async play(world) {
      const path = world.random.pick(world.paths());
      const from = ownerOf(world, path);
      const to = world.random.pick(others(from));
      world.touch([path]);
      await world.post(world.random.pick(names), `path/${path}`, say('operator.release', { to }));
      await world.until(() => isServedByOther(world, path, from), soonMs);
      return everything(world);
    },
  },
  {
    name: 'drain',
    about: 'an operator empties a node, and lets it take paths again',
    async play(world) {
      const node = world.random.pick(names);
      world.touch(world.pathsOf(node));
      await world.post(world.random.pick(names), 'node', say('operator.drain', { node }));
      await world.until(() => world.pathsOf(node).length === 0 && world.allServed(), soonMs);
      await world.post(world.random.pick(names), 'node', say('operator.undrain', { node }));
      return everything(world);
    },
  },
  {
    name: 'stop',
    about: 'an operator stops a disk, and starts it again',
    async play(world) {
      const [disk, mine] = anyDisk(world);
      world.touch(mine);
      await world.post(world.random.pick(names), `disk/${disk}`, say('operator.stop'));
      await world.until(() => mine.every((path) => world.servers(path).length === 0), soonMs);
      await world.pass(world.random.below(10) * 100);
      await world.post(world.random.pick(names), `disk/${disk}`, say('operator.start'));
      await world.until(() => world.allServed(), soonMs);
      return everything(world);
    },
  },
  {
    name: 'remove',
    about: 'an operator stops a disk and removes it',
    async play(world) {
      const [disk, mine] = anyDisk(world);
      world.touch(mine);
      await world.post(world.random.pick(names), `disk/${disk}`, say('operator.stop'));
      await world.until(() => mine.every((path) => world.isFree(path)), soonMs);
      await world.pass(200);
      await world.post(world.random.pick(names), `disk/${disk}`, say('operator.remove'));
      await world.until(() => !world.keys.has(`disks/${disk}`), soonMs);
      return { ...everything(world), served: world.paths().filter((path) => !mine.includes(path)) };
    },
  },
  {
    name: 'add',
    about: 'an operator adds a disk',
    async play(world) {
      const spec = world.expectDisk('d3', ['10.0.3.1', '10.0.3.2']);
      await world.post(world.random.pick(names), 'disk/d3', say('operator.add', { spec }));
      await world.until(() => world.allServed(), soonMs);
      return everything(world);
    },
  },
  {
    name: 'restart',
    about: 'a daemon is stopped in order, keeps what it serves, and starts again',
    async play(world) {
      const node = world.random.pick(names);
      await world.until(() => world.isUp(node), soonMs);
      if (await world.stop(node, 'keep')) {
        await world.pass(world.random.below(20) * 50);
        world.boot(node);
      }
      await world.until(() => world.isUp(node), soonMs);
      return everything(world);
    },
  },
  {
    name: 'leave',
    about: 'a node gives everything up and stops for good',
    async play(world) {
      const node = world.random.pick(names);
      world.touch(world.pathsOf(node));
      for (let stopped = false; !stopped; ) {
        await world.until(() => world.isUp(node) && world.stateOf(node, 'node') === 'joined', soonMs);
        stopped = await world.stop(node, 'drain');
      }
      await world.until(() => world.allServed(), soonMs);
      return { joined: others(node), off: [], stopped: [node], served: world.paths() };
    },
  },
];

function anyDisk(world: World): [string, readonly string[]] {
  const disk = world.random.pick(disks);
  return [disk, world.paths().filter((path) => path.startsWith(`${disk}/`))];
}
