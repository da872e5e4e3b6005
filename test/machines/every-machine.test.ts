// What holds for every machine, checked by walking through all of its states.
import { describe, expect, it } from 'vitest';
import { answersOf, type Intent } from '../../machines/intent.ts';
import { machineNames, type MachineName } from '../../machines/index.ts';
import { definition, specOf } from '../../src/core/definition.ts';
import { stateOf } from '../../src/core/state.ts';
import { accepted, persist, restore, step } from '../../src/core/step.ts';
import { explore } from './explore.ts';
import { firstActor, samples } from './samples.ts';
import { given } from './given.ts';
import { pseudoRandom } from './random.ts';

/** Answers that need no reaction, and why. `*`: in every state. */
const mayBeIgnored: Readonly<Record<MachineName, readonly RegExp[]>> = {
  'disk-path': [
    /^\* address\.announce/, // neighbours learn by other ways; it repeats by itself
    /^\* move\.(request|clear)/, // what an operator asked for is answered to the operator
    /^\* disk\.require /, // the disk answers later, with another event
    /^\* disk\.unneed /,
    /^enabled portal\.open portal\.open(ed|Unknown)/, // it is open: the node is looked at regularly
    /^releasing\.blocking address\.probe /, // the path passed through `preparing` with an order to give up
  ],
  disk: [/^\* spec\./, /^\* path\.tell/],
  node: [
    /^\* (drain|maintenance|exclusion\.confirm)/,
    /^leaving node\.announceLeaving/, // others only learn it later
    /^\* (node\.writeAsks|peer\.endSession)/, // asked again for as long as the view shows the need
    /^joined exclusion\.prove/, // asked again for as long as the evidence stands
  ],
  exclusion: [/^failing exclusion\.publish/],
};

/** Events that only settle an intent. */
const meanNothing: Readonly<Record<MachineName, readonly RegExp[]>> = {
  'disk-path': [/^move\./, /^address\.announce/],
  disk: [/^spec\./],
  node: [
    /^drain\./, /^maintenance\.(write|written|remove)/, /^exclusion\.confirm/,
    /^node\.(leavingAnnounced|announceLeaving|writeAsks|asksWritten)/, /^peer\.(endSession|sessionEnded)/,
  ],
  exclusion: [],
};

describe.each(machineNames)('the %s machine', (name) => {
  const of = definition(name);

  it('describes every state with a sentence', () => {
    const silent: string[] = [];
    const visit = (node: (typeof of.machine)['root']): void => {
      if (node.parent !== undefined && !/^[A-Z].*[.?]$/.test(node.description ?? '')) silent.push(node.id);
      Object.values(node.states).forEach((child) => visit(child));
    };
    visit(of.machine.root);
    expect(silent).toEqual([]);
  });

  it('uses every intent of its table and no other', () => {
    const used = new Set(explore(name).edges.flatMap(({ intents }) => intents.map(({ type }) => type)));
    const unused = Object.keys(of.intents).filter((type) => !used.has(type) && type !== 'timer.cancel');
    expect(unused).toEqual([]);
    expect([...used].filter((type) => of.intents[type] === undefined)).toEqual([]);
  });

  it('can reach every state', () => {
    const reached = new Set(explore(name).situations.map(({ state }) => state));
    const leaves: string[] = [];
    const visit = (node: (typeof of.machine)['root']): void => {
      const children = Object.values(node.states);
      if (children.length === 0 && !node.always?.length) leaves.push(node.path.join('.'));
      children.forEach((child) => visit(child));
    };
    visit(of.machine.root);
    expect(leaves.filter((leaf) => !reached.has(leaf))).toEqual([]);
  });

  it('reacts to every event somewhere, but for those that only settle an intent', () => {
    const heard = new Set(explore(name).edges.filter(({ ignored }) => !ignored).map(({ event }) => event.type));
    const unheard = new Set(samples[name].map(({ type }) => type).filter((type) => !heard.has(type)));
    expect([...unheard].filter((type) => !meanNothing[name].some((each) => each.test(type)))).toEqual([]);
  });

  it('has a reaction to every outcome of what it asks for when it enters a state', () => {
    const silent = new Set<string>();
    for (const { to, intents } of explore(name).edges) {
      const hears = new Set(accepted(to.snapshot));
      for (const intent of intents.filter((each) => !isCalledOff(each, intents))) {
        for (const answer of answersOf(intent, specOf(of, intent.type))) {
          if (!hears.has(answer) && !mayIgnore(name, to.state, intent, answer)) {
            silent.add(`${to.state}: ${intent.type} → ${answer}`);
          }
        }
      }
    }
    expect([...silent]).toEqual([]);
  });

  it('comes back from JSON in every situation as it was', () => {
    for (const { snapshot } of explore(name).situations) {
      const json = JSON.parse(JSON.stringify(persist(of, snapshot))) as never;
      const restored = restore(of, json);
      expect(restored.value).toEqual(snapshot.value);
      expect(restored.context).toEqual(snapshot.context);
      expect(persist(of, restored)).toEqual(persist(of, snapshot));
    }
  });

  it('steps in the same way after it came back from JSON', () => {
    const told = new Set<string>();
    for (const { from, event, to, intents } of explore(name).edges) {
      const once = `${from.state} ${event.type} ${to.state}`;
      if (told.has(once)) continue;
      told.add(once);
      const restored = restore(of, JSON.parse(JSON.stringify(persist(of, from.snapshot))) as never);
      const again = step(of, restored, event);
      expect(stateOf(again.next)).toBe(to.state);
      expect(again.intents).toEqual(intents);
    }
  });

  it.each([1, 2, 3])('never throws on a walk of 2 000 random events (seed %i)', (seed) => {
    const random = pseudoRandom(seed);
    let { snapshot } = given(firstActor[name]);
    for (let turn = 0; turn < 2_000; turn += 1) snapshot = step(of, snapshot, random.pick(samples[name])).next;
    expect(snapshot.status).toBe('active');
  });
});

/** A timer that the same step arms and cancels: the path only passed through the state that wanted it. */
const isCalledOff = (intent: Intent, intents: readonly Intent[]): boolean =>
  intent.type === 'timer.arm' && intents.slice(intents.indexOf(intent)).some(({ type, params }) =>
    type === 'timer.cancel' && params['name'] === intent.params['name']);

const mayIgnore = (name: MachineName, state: string, { type }: Intent, answer: string): boolean =>
  mayBeIgnored[name].some((each) => each.test(`* ${type} ${answer}`) || each.test(`${state} ${type} ${answer}`));
