// Only exit code 0 is proof.
import { rm } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { agentFence } from '../../../adapters/fence/agent.ts';
import { commandFence } from '../../../adapters/fence/command.ts';
import { memoryFence } from '../../../adapters/fence/memory.ts';
import { sshPoweroff } from '../../../adapters/fence/ssh.ts';
import { createFaults, guardWith } from '../../../adapters/memory-faults.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { createRunner, type RunResult } from '../../../adapters/run.ts';
import { fenceAgentsMissing } from './fence-agents.ts';
import { patience } from './world.ts';

const victim = { node: 'n2', session: '0b1c-77' };
const run = createRunner();
const faults = createFaults();

const statusFile = `/tmp/pathwarden-fence-dummy-${process.pid}`;
const dummy = { agent: 'fence_dummy', parameters: { status_file: statusFile }, secretFiles: {}, nodes: {} };
afterAll(() => rm(statusFile, { force: true }));

describe.each([
  { name: 'command', fence: commandFence({ run, argv: ['echo', '{node} is off'] }) },
  { name: 'memory', fence: memoryFence(memoryNetwork(), guardWith(faults, systemClock())) },
  ...(fenceAgentsMissing() ? [] : [{ name: 'agent', fence: agentFence({ run, ...dummy }) }]),
])('the $name fence', ({ fence }) => {
  test('gives its evidence, however often it is asked', async () => {
    for (let time = 1; time <= 2; time += 1) {
      const evidence = expect.stringContaining('n2 is off') as string;
      expect(await fence.fence(victim, patience)).toEqual({ kind: 'done', value: { evidence } });
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

describe('ssh poweroff', () => {
  test.each([
    [0, ''],
    [255, 'Connection refused'],
  ])('is never proof: exit code %i', async (code, stderr) => {
    const argvs: (readonly string[])[] = [];
    const answer: RunResult = { kind: 'exited', code, stdout: '', stderr, command: 'ssh', durationMs: 7 };
    const record = (argv: readonly string[]): Promise<RunResult> => {
      argvs.push(argv);
      return Promise.resolve(answer);
    };
    const fence = sshPoweroff({ run: record, destination: 'root@{node}', identityFile: '/etc/key' });
    expect(await fence.fence(victim, { deadlineMs: 3000 })).toMatchObject({
      kind: 'refused',
      code: 'hint',
      reason: expect.stringContaining(`a hint and never proof (ssh: exit code ${code}`),
    });
    const options = '-o BatchMode=yes -o ConnectTimeout=3 -i /etc/key -o IdentitiesOnly=yes';
    const remote = 'root@n2 systemctl poweroff --force --force';
    expect(argvs.map((argv) => argv.join(' '))).toEqual([`ssh ${options} -- ${remote}`]);
  });
});
