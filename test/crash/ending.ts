// How a cluster ends up, in a form that does not depend on who took which path.
import { recover } from '../../src/core/recover.ts';
import { stateOf } from '../../src/core/state.ts';
import type { Node } from '../scenarios/cluster.ts';
import type { Goal } from './scenarios.ts';
import type { World } from './world.ts';

/** Everything that keeps the cluster from being as it shall be; empty when it is. */
export function missing(world: World, goal: Goal): readonly string[] {
  const nodes = goal.joined.flatMap((name) => missingOfNode(world, name));
  return nodes.length > 0 ? nodes : [...world.paths().flatMap((path) => missingOfPath(world, goal, path)),
    ...leftovers(world, goal)];
}

function missingOfNode(world: World, name: string): readonly string[] {
  if (!world.isUp(name)) return [`${name} does not run`];
  const state = world.stateOf(name, 'node');
  if (state !== 'joined') return [`${name} is ${state}`];
  const { registry } = world.node(name).daemon.engine;
  return [...registry.all()].flatMap(({ id, pending }) =>
    [...pending].map(([intent, { type }]) => `${name} ${id} waits for ${type} ${intent}`));
}

function missingOfPath(world: World, goal: Goal, path: string): readonly string[] {
  const servers = world.servers(path);
  const expected = goal.served.includes(path) ? 1 : 0;
  if (servers.length !== expected) return [`${path} is served by ${String(servers.length)}`];
  const [server] = servers;
  const lock = world.keys.lockOf(path);
  const wrong = goal.joined.flatMap((name) => {
    const state = world.stateOf(name, `path/${path}`);
    const right = name === server ? ['enabled'] : ['', 'unlocked.idle'];
    return right.includes(state) ? [] : [`${path} is ${state} on ${name}`];
  });
  const holder = server === undefined ? null : world.sessionOf(server);
  if ((lock?.session ?? null) !== holder) wrong.push(`${path} is locked by ${String(lock?.session)}`);
  if (lock !== null && lock.evidence !== null) wrong.push(`${path} has evidence left: ${lock.evidence}`);
  return wrong;
}

/** Keys that are over, and what is on a node without a path that needs it. */
function leftovers(world: World, goal: Goal): readonly string[] {
  const over = world.keys.below('moves/', 'drains/').map((key) => `${key} is still there`);
  const open = world.keys.below('exclusions/').filter((key) => !world.keys.text(key).includes('"state":"proven"'));
  return [...over, ...open.map((key) => `${key} is not proven`),
    ...[...goal.joined, ...goal.off, ...goal.stopped].flatMap((name) => leftoversOf(world, name))];
}

function leftoversOf(world: World, name: string): readonly string[] {
  const { addresses, targets, portals, attached, blocked } = world.network.host(name);
  const mine = world.pathsOf(name);
  const disks = new Set(mine.map((path) => path.slice(0, path.indexOf('/'))));
  const paths = { addresses: mine.length, portals: mine.length };
  const counts = { ...paths, targets: disks.size, attached: disks.size, blocked: 0 };
  const found = { addresses, targets, portals, attached, blocked };
  return Object.entries(counts).flatMap(([what, count]) => {
    const has = found[what as keyof typeof found];
    return has.size === count ? [] : [`${name} has ${what} ${[...has.keys()].join(', ')} for ${mine.join(', ')}`];
  });
}

/** What two runs of one scenario must have in common. */
export interface Ending {
  /** Nodes of which an incarnation was excluded. */
  readonly excluded: readonly string[];
  readonly [part: string]: unknown;
}

export function describe(world: World, goal: Goal): Ending {
  const nodes = [...goal.joined, ...goal.off, ...goal.stopped].toSorted();
  return {
    paths: Object.fromEntries(world.paths().map((path) => [path, world.servers(path).length])),
    alive: world.keys.below('nodes/').filter((key) => world.keys.isLocked(key)),
    nodes: nodes.map((name) => `${name} ${nodeState(world, name)}`),
    disks: world.keys.below('disks/'),
    locks: world.keys.below('paths/').filter((key) => !isLate(world, key))
      .map((key) => `${key} ${world.keys.text(key) === '' ? 'free' : 'held'}`),
    excluded: world.keys.below('exclusions/').map((key) => nodeOf(world.keys.text(key)))
      // A node that stops for good may find its session gone when it is started to stop once more.
      .filter((name) => !goal.stopped.includes(name)),
  };
}

/** A bid that was under way may make the key of a removed disk anew; all that can be done is to let go of it. */
const isLate = (world: World, key: string): boolean =>
  world.hadLateRequests && world.keys.text(key) === '' && !world.keys.has(key.replace(/^paths(.*)\/\d+$/, 'disks$1'));

const nodeState = (world: World, name: string): string => (world.isUp(name) ? world.stateOf(name, 'node') : 'gone');
const nodeOf = (value: string): string => (JSON.parse(value) as { node: string }).node;

/** What the journals say: nothing is unsettled, and one more start finds the daemon exactly as it is. */
export async function checkJournals(world: World, goal: Goal): Promise<void> {
  for (const name of goal.joined) {
    for (const each of world.ledger.unsettled(name)) world.fail(`${each} never settled`);
    await checkJournal(world, world.node(name));
  }
}

async function checkJournal(world: World, { name, daemon, journal }: Node): Promise<void> {
  const contents = await journal.crash().open();
  const durable = world.ledger.records(name);
  if (contents.lastSeq !== (durable.at(-1)?.seq ?? 0)) world.fail(`${name}: records were lost`);
  if (contents.setAside !== undefined) world.fail(`${name}: its journal was set aside`);
  for (const { id, snapshot, pending } of recover(contents).values()) {
    const live = daemon.engine.registry.get(id);
    if (live === undefined) continue;
    const same = stateOf(live.snapshot) === stateOf(snapshot) &&
      JSON.stringify(live.snapshot.context) === JSON.stringify(snapshot.context);
    if (!same) world.fail(`${name}: ${id} would come back as ${stateOf(snapshot)} with another context`);
    if (pending.size !== live.pending.size) world.fail(`${name}: ${id} would come back with other pending intents`);
  }
}

