// Runs a scenario without a crash, then again with one, and compares.
import { isDeepStrictEqual } from 'node:util';
import { checkJournals, describe, missing, type Ending } from './ending.ts';
import { pseudoRandom } from '../machines/random.ts';
import type { Point } from './points.ts';
import { scenarios, settle, type Scenario } from './scenarios.ts';
import type { Cut } from './knife.ts';
import { World } from './world.ts';

export interface Reference {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly ending: Ending;
  /** How often each moment was reached. */
  readonly reached: ReadonlyMap<string, number>;
}

export interface Run {
  readonly point: string;
  readonly seed: number;
  readonly scenario: string;
  /** Where it was cut, in order. */
  readonly cuts: readonly string[];
  /** Intents that were carried out again after a crash. */
  readonly repeated: number;
  readonly failures: readonly string[];
}

const settleMs = 60_000;
const quietMs = 1_500;

const references = new Map<string, Promise<Reference>>();

function reference(scenario: Scenario, seed: number): Promise<Reference> {
  const key = `${scenario.name} ${String(seed)}`;
  const known = references.get(key) ?? refer(scenario, seed);
  references.set(key, known);
  return known;
}

async function refer(scenario: Scenario, seed: number): Promise<Reference> {
  const world = new World(seed, null);
  const ending = await play(world, scenario);
  if (world.failures.length > 0) {
    throw new Error(`${scenario.name} with seed ${String(seed)} fails without any crash: ${world.failures.join('; ')}`);
  }
  return { scenario, seed, ending, reached: world.knife.reached };
}

/** The seed chooses the scenario, the interleaving, and which time the point is reached. */
export async function crash(point: Point, seed: number): Promise<Run> {
  const chance = pseudoRandom(seed * 1_013 + hash(point.name));
  const found = await choose(point, seed, chance.shuffle(scenarios));
  const { reached, scenario } = found;
  const moment = point.first ?? chance.pick([...reached.keys()].toSorted());
  const cut = { moment, nth: 1 + chance.below(reached.get(moment) ?? 1) };
  const { second } = point;
  const again = second === undefined ? {} : { thenAt: second };
  return { point: point.name, ...(await crashIn(scenario, seed, { ...cut, ...again })) };
}

/** The scenario with this interleaving, cut there, and compared with itself without the cut. */
export async function crashIn(scenario: Scenario, seed: number, cut: Cut): Promise<Omit<Run, 'point'>> {
  const { ending: expected } = await reference(scenario, seed);
  const world = new World(seed, cut);
  const ending = await play(world, scenario);
  const { failures, ledger, knife: { cuts } } = world;
  if (failures.length === 0 && cuts.length === 0) world.fail(`it never gets to ${JSON.stringify(cut)}`);
  if (failures.length === 0) compare(world, ending, expected);
  return { seed, scenario: scenario.name, cuts, repeated: ledger.repeated, failures };
}

/** Who has to be excluded depends on who served what; nobody has to be who was not otherwise. */
function compare(world: World, { excluded, ...ending }: Ending, { excluded: may, ...expected }: Ending): void {
  for (const node of excluded) if (!may.includes(node)) world.fail(`${node} was excluded`);
  if (isDeepStrictEqual(ending, expected)) return;
  world.fail(`it ends as ${JSON.stringify(ending)} and not as ${JSON.stringify(expected)}`);
}

async function choose({ name, first }: Point, seed: number, from: readonly Scenario[]): Promise<Reference> {
  for (const scenario of from) {
    const found = await reference(scenario, seed);
    if (first === undefined || found.reached.has(first)) return found;
  }
  throw new Error(`no scenario with seed ${String(seed)} gets to: ${name}`);
}

/** Plays the scenario until the cluster is as it shall be, and stays so. Answers how it ended. */
async function play(world: World, scenario: Scenario): Promise<Ending> {
  let goal = null;
  try {
    await settle(world);
    goal = await scenario.play(world);
    const reached = goal;
    // Twice: what is cut now comes back.
    for (const restMs of [quietMs, 0]) {
      await world.until(() => missing(world, reached).length === 0, settleMs);
      await world.pass(restMs);
    }
    await checkJournals(world, goal);
    return describe(world, goal);
  } catch (error) {
    const why = goal === null ? [] : missing(world, goal);
    world.fail([error instanceof Error ? error.message : String(error), ...why].join('\n'));
    return { excluded: [] };
  }
}

function hash(text: string): number {
  let value = 17;
  for (const letter of text) value = (value * 31 + letter.charCodeAt(0)) % 1_000_003;
  return value;
}
