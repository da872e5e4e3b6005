// Only exit code 0 is proof.
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { commandFence } from '../../../adapters/fence/command.ts';
import { memoryFence } from '../../../adapters/fence/memory.ts';
import { createFaults, guardWith } from '../../../adapters/memory-faults.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { createRunner } from '../../../adapters/run.ts';
import { patience } from './world.ts';

const victim = { node: 'n2', session: '0b1c-77' };
const run = createRunner();
const faults = createFaults();

describe.each([
  { name: 'command', fence: commandFence({ run, argv: ['echo', '{node} is off'] }) },
  { name: 'memory', fence: memoryFence(memoryNetwork(), guardWith(faults, systemClock())) },
])('the $name fence', ({ fence }) => {
  test('gives its evidence, however often it is asked', async () => {
    for (let time = 1; time <= 2; time += 1) {
      expect(await fence.fence(victim, patience)).toEqual({ kind: 'done', value: { evidence: 'n2 is off' } });
    }
  });
});

describe('the command fence', () => {
  test('fills each placeholder in place, and nothing is split or expanded', async () => {
    const odd = { node: '$(id) n2 {session}', session: 's' };
    const fence = commandFence({ run, argv: ['printf', '[%s]', '{node}', '--id={session}', '*'] });
    expect(await fence.fence(odd, patience)).toEqual({
      kind: 'done',
      value: { evidence: '[$(id) n2 {session}][--id=s][*]' },
    });
  });

  test('takes the first line as evidence, or says what it did when there is none', async () => {
    const speaking = commandFence({ run, argv: ['printf', 'off since 3 s\nmore\n'] });
    expect(await speaking.fence(victim, patience)).toMatchObject({ value: { evidence: 'off since 3 s' } });
    const silent = commandFence({ run, argv: ['true'] });
    const outcome = await silent.fence(victim, patience);
    expect(outcome).toMatchObject({ value: { evidence: expect.stringContaining('true exited 0') } });
  });

  test('is no proof with any other exit code, without the program, or past its deadline', async () => {
    expect(await commandFence({ run, argv: ['false'] }).fence(victim, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^not proven: false: exit code 1/),
    });
    expect(await commandFence({ run, argv: ['no-such-program'] }).fence(victim, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('no-such-program is not installed'),
    });
    expect(await commandFence({ run, argv: ['sleep', '60'] }).fence(victim, { deadlineMs: 50 })).toMatchObject({
      kind: 'unknown',
    });
  });
});
