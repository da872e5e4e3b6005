// A step skips what XState's transition() does for nothing; what it gives must be the same.
import { describe, expect, it } from 'vitest';
import { transition } from 'xstate';
import { machineNames } from '../../machines/index.ts';
import { definition } from '../../src/core/definition.ts';
import { persist, step } from '../../src/core/step.ts';
import { explore } from '../machines/explore.ts';
import { samples } from '../machines/samples.ts';

describe.each(machineNames)('a step of the %s machine', (name) => {
  const of = definition(name);

  it('is the step that XState makes, in every state and for every event', () => {
    for (const { snapshot } of explore(name).situations) {
      for (const event of samples[name]) {
        const { next, intents } = step(of, snapshot, event);
        const [expected, actions] = transition(of.machine, snapshot, event as never);
        expect(persist(of, next)).toEqual(persist(of, expected as typeof snapshot));
        expect(intents).toEqual(actions.map(({ type, params }) => ({ type, params: params ?? {} })));
      }
    }
  });

  it('concerns no child actors, which are what the skipped work is for', () => {
    const invoking: string[] = [];
    const visit = (node: (typeof of.machine)['root']): void => {
      if (node.invoke.length > 0) invoking.push(node.id);
      Object.values(node.states).forEach((child) => visit(child));
    };
    visit(of.machine.root);
    expect(invoking).toEqual([]);
  });
});
