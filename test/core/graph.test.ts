import { describe, expect, test } from 'vitest';
import { assign, setup } from 'xstate';
import { eventsOf, graphOf, toMermaid } from '../../src/core/graph.ts';

const door = setup({
  actions: {
    'lamp.light': (_self, _params: { colour: string }) => {},
    'timer.arm': (_self, _params: { name: string }) => {},
    remember: assign({}),
  },
  guards: { isPaid: () => true, isNight: () => false },
}).createMachine({
  id: 'door',
  description: 'A door with steps.',
  initial: 'shut',
  on: { 'operator.inspect': { actions: 'remember' } },
  states: {
    shut: {
      description: 'the door is shut: nobody comes through, and it says so with "red"; nothing else happens here',
      tags: ['settled'],
      entry: ['remember', { type: 'lamp.light', params: { colour: 'red' } }],
      exit: { type: 'lamp.light', params: { colour: 'off' } },
      on: { 'coin.paid': [{ guard: 'isPaid', target: 'moving.opening' }, { actions: 'remember' }] },
    },
    moving: {
      initial: 'opening',
      on: { 'power.lost': '.stuck', 'door.hit': 'shut' },
      states: {
        opening: {
          entry: { type: 'timer.arm', params: { name: 'opening' } },
          on: {
            'motor.done': { target: 'closing', actions: { type: 'lamp.light', params: { colour: 'green' } } },
            'motor.failed': { target: '#door.shut' },
          },
        },
        closing: { always: { guard: 'isNight', target: 'stuck' }, on: { 'motor.done': '#door.shut' } },
        stuck: { type: 'final' },
      },
      onDone: 'broken',
    },
    broken: { type: 'final', description: 'the door is broken' },
  },
});

const graph = graphOf(door);
const edgesFrom = (source: string) => graph.edges.filter((edge) => edge.source === source);

describe('the graph of a machine', () => {
  test('names each state by its dotted path below the root', () => {
    expect(graph.machine).toBe('door');
    expect(graph.nodes.map((node) => node.id)).toEqual([
      '*',
      'shut',
      'moving',
      'moving.opening',
      'moving.closing',
      'moving.stuck',
      'broken',
    ]);
  });

  test('says of each state what it is, where it lies and what it asks for on the way in and out', () => {
    expect(graph.nodes.find((node) => node.id === 'shut')).toEqual({
      id: 'shut',
      key: 'shut',
      parent: '*',
      type: 'atomic',
      initial: null,
      description: expect.stringContaining('the door is shut'),
      tags: ['settled'],
      entry: ['lamp.light'],
      exit: ['lamp.light'],
    });
    expect(graph.nodes.find((node) => node.id === 'moving')).toMatchObject({
      type: 'compound',
      initial: 'moving.opening',
    });
  });

  test('leaves assignments out: they are no intents', () => {
    expect(edgesFrom('*')).toEqual([
      { source: '*', target: null, event: 'operator.inspect', guard: null, intents: [] },
    ]);
  });

  test('keeps the order in which guarded transitions are tried', () => {
    expect(edgesFrom('shut')).toEqual([
      { source: 'shut', target: 'moving.opening', event: 'coin.paid', guard: 'isPaid', intents: [] },
      { source: 'shut', target: null, event: 'coin.paid', guard: null, intents: [] },
    ]);
  });

  test('shows transitions without an event of their own as always and done', () => {
    expect(edgesFrom('moving.closing')).toContainEqual(
      expect.objectContaining({ event: 'always', guard: 'isNight', target: 'moving.stuck' }),
    );
    expect(edgesFrom('moving')).toContainEqual(expect.objectContaining({ event: 'done', target: 'broken' }));
  });

  test('survives JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  test('can be read as a table of events per state', () => {
    expect(eventsOf(graph).find((row) => row.state === 'moving.opening')).toEqual({
      state: 'moving.opening',
      description: '',
      events: [
        { event: 'motor.done', target: 'moving.closing', guard: null, intents: ['lamp.light'] },
        { event: 'motor.failed', target: 'shut', guard: null, intents: [] },
      ],
    });
  });
});

describe('the Mermaid diagram of a machine', () => {
  const lines = toMermaid(graph)
    .split('\n')
    .map((line) => line.trim());

  test('nests states and marks where each level begins', () => {
    expect(lines[0]).toBe('stateDiagram-v2');
    expect(lines).toContain('[*] --> shut');
    expect(lines).toContain('state "moving" as moving {');
    expect(lines).toContain('[*] --> moving__opening');
    expect(lines).toContain('broken --> [*]');
  });

  test('lifts arrows that cross a box to the box itself', () => {
    expect(lines).toContain('shut --> moving : coin.paid [isPaid]');
    expect(lines).toContain('moving__opening --> moving__closing : motor.done');
  });

  test('draws one arrow per pair of boxes, with everything that leads along it', () => {
    expect(lines).toContain('moving --> shut : door.hit<br>motor.failed<br>motor.done');
  });

  test('says in a comment what a box does in all its steps', () => {
    expect(lines).toContain('%% anywhere in moving: power.lost --> moving.stuck');
  });

  test('keeps notes short and free of characters that end them', () => {
    const note = lines.find((line) => line.startsWith('note right of shut'));
    expect(note).toMatch(/#58; nobody comes through.*…$/);
    expect(note).not.toContain('"');
  });
});
