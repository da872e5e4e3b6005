// Agents of the fence-agents project, the real ones: proof is a status that says off, after off succeeded.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type AgentSettings, agentFence } from '../../../adapters/fence/agent.ts';
import { createRunner, type RunRecord } from '../../../adapters/run.ts';
import { fenceAgentsMissing } from './fence-agents.ts';

const isMissing = fenceAgentsMissing();
const victim = { node: 'n2', session: '0b1c-77' };
const patience = { deadlineMs: 15_000 };
const records: RunRecord[] = [];
const run = createRunner({ record: (record) => records.push(record) });
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp('/tmp/pathwarden-fence-');
});
afterAll(() => rm(folder, { recursive: true }));

const fenceBy = (settings: Partial<AgentSettings>) =>
  agentFence({ run, agent: 'fence_dummy', parameters: {}, secretFiles: {}, nodes: {}, ...settings });

/** A program that follows the FenceAgentAPI in its own way; it appends what it was told to `told`. */
async function program(name: string, lines: readonly string[]): Promise<string> {
  const file = join(folder, `fence_${name}`);
  const read = ['#!/bin/bash', 'input=$(cat)', `printf '%s\\n' "argv:$*" "$input" >> ${folder}/told`];
  await writeFile(file, [...read, 'action=$(grep ^action= <<< "$input" | cut -d= -f2)', ...lines, ''].join('\n'));
  await run(['chmod', '+x', file], patience);
  return file;
}

// Without Debian's package there is nothing real to run.
describe.skipIf(isMissing)('fence_dummy', () => {
  test('is switched off, confirms it, and is asked as often as one likes', async () => {
    const power = join(folder, 'power-of-n2');
    await writeFile(power, 'on');
    const fence = fenceBy({ parameters: { status_file: join(folder, 'power-of-{node}') } });
    for (let time = 1; time <= 2; time += 1) {
      expect(await fence.fence(victim, patience)).toEqual({
        kind: 'done',
        value: { evidence: 'fence_dummy status: n2 is off' },
      });
      expect(await readFile(power, 'utf8')).toBe('off');
    }
  });

  test('switches the node off that its list names, and no other', async () => {
    for (const node of ['n2', 'n3']) await writeFile(join(folder, `plug-${node}`), 'on');
    const nodes = { n2: { status_file: join(folder, 'plug-n2') }, n3: { status_file: join(folder, 'plug-n3') } };
    expect(await fenceBy({ nodes }).fence(victim, patience)).toMatchObject({ kind: 'done' });
    expect(await readFile(join(folder, 'plug-n2'), 'utf8')).toBe('off');
    expect(await readFile(join(folder, 'plug-n3'), 'utf8')).toBe('on');
    const stranger = await fenceBy({ nodes }).fence({ ...victim, node: 'n4' }, patience);
    expect(stranger).toEqual({ kind: 'refused', reason: 'fence_dummy has no parameters for node n4' });
  });

  test('that cannot switch proves nothing', async () => {
    const outcome = await fenceBy({ parameters: { type: 'fail', power_timeout: 1 } }).fence(victim, patience);
    expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringMatching(/^not proven: fence_dummy off: /) });
  });

  test('that takes too long is unknown', async () => {
    const fence = fenceBy({ parameters: { delay: 30 } });
    expect(await fence.fence(victim, { deadlineMs: 1000 })).toMatchObject({ kind: 'unknown' });
  });
});

// Without Debian's package there is nothing real to run.
test.skipIf(isMissing)('an agent that only decides about other agents proves nothing', async () => {
  const fence = fenceBy({ agent: 'fence_heuristics_ping', parameters: { ping_targets: '127.0.0.1', ping_count: 1 } });
  expect(await fence.fence(victim, patience)).toMatchObject({ kind: 'refused' });
});

describe('a fence agent', () => {
  test('is told everything on its standard input, and nothing in its arguments', async () => {
    await writeFile(join(folder, 'password'), 'correct horse\n');
    const agent = await program('told', ['[ "$action" = status ] && echo "Status: OFF" && exit 2', 'exit 0']);
    const parameters = { ip: '{node}-ipmi', lanplus: true, port: 623 };
    const settings = { agent, parameters, secretFiles: { password: join(folder, 'password') } };
    expect(await fenceBy(settings).fence(victim, patience)).toMatchObject({ kind: 'done' });
    const asked = (action: string): string =>
      `argv:\naction=${action}\nnodename=n2\nip=n2-ipmi\nlanplus=1\nport=623\npassword=correct horse\n`;
    expect(await readFile(join(folder, 'told'), 'utf8')).toBe(asked('off') + asked('status'));
  });

  test('that prints its password shows it nowhere', async () => {
    await writeFile(join(folder, 'password'), 'correct horse\n');
    const agent = await program('talks', ['echo "$input" >&2', 'exit 1']);
    const secretFiles = { password: join(folder, 'password') };
    const outcome = await fenceBy({ agent, secretFiles }).fence(victim, patience);
    expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringContaining('password=***') });
    expect(JSON.stringify([outcome, records])).not.toContain('correct horse');
  });

  test.each([
    ['says on after it switched off', ['[ "$action" = status ] && echo "Status: ON"', 'exit 0'], 'says that it is on'],
    ['cannot say', ['[ "$action" = status ] && exit 1', 'exit 0'], 'status does not say off'],
    ['has the exit code of off without a word', ['[ "$action" = status ] && exit 2', 'exit 0'], 'does not say off'],
    ['fails to switch off', ['[ "$action" = status ] && echo "Status: OFF" && exit 2', 'exit 1'], 'off: '],
  ])('that %s proves nothing', async (name, lines, reason) => {
    const agent = await program(name.replaceAll(' ', '_'), lines);
    const outcome = await fenceBy({ agent }).fence(victim, patience);
    expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringContaining(`not proven: `) });
    expect(outcome).toMatchObject({ reason: expect.stringContaining(reason) });
  });

  test('that switched off and then hangs leaves it unknown', async () => {
    const agent = await program('hangs', ['[ "$action" = status ] && exec sleep 60', 'exit 0']);
    expect(await fenceBy({ agent }).fence(victim, { deadlineMs: 500 })).toMatchObject({ kind: 'unknown' });
  });

  test('that is not installed, or whose secret cannot be read, is refused before anything is switched', async () => {
    expect(await fenceBy({ agent: 'fence_no_such' }).fence(victim, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('fence_no_such is not installed'),
    });
    await writeFile(join(folder, 'two-lines'), 'one\naction=on\n');
    for (const file of ['absent', 'two-lines']) {
      const secretFiles = { password: join(folder, file) };
      expect(await fenceBy({ agent: '/bin/false', secretFiles }).fence(victim, patience)).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining(join(folder, file)),
      });
    }
  });
});
