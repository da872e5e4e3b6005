// The program as it is shipped, with a real fence agent: a killed daemon is excluded, and its path is served elsewhere.
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fenceAgentsMissing } from '../contract/dataplane/fence-agents.ts';
import { until } from '../lab/clock.ts';
import { namespacesMissing, openPlace, type Place, served } from './agent.ts';

const isMissing = fenceAgentsMissing() || (await namespacesMissing()) !== null;

// Without the agents of Debian there is nothing that could fence.
describe.skipIf(isMissing)('two daemons with ssh as a hint and a fence agent', { timeout: 60_000 }, () => {
  let place: Place;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.close());

  const power = (node: string): string => join(place.folder, `power-of-${node}`);
  const value = async (key: string): Promise<string> =>
    (await fetch(`${place.consul.url}/v1/kv/pathwarden/${key}?raw`)).text();

  test('serve a path of a killed one after the agent says off, and not because ssh was asked', async () => {
    const methods = [
      { method: 'sshPoweroff', destination: 'root@{node}.invalid' },
      { method: 'fenceAgent', agent: 'fence_dummy', parameters: { status_file: power('{node}') } },
    ];
    const changes = { exclusion: { methods }, watchdog: { mode: 'off' } };
    const first = await place.start('gw1', changes);
    await until('gw1 has joined', 10_000, async () => (await value('nodes/gw1')).includes('"gw1"'));
    await place.addDisk();
    await served(first);
    const second = await place.start('gw2', changes);
    await until('gw2 has joined', 10_000, async () => (await value('nodes/gw2')).includes('"gw2"'));
    for (const node of ['gw1', 'gw2']) await writeFile(power(node), 'on');

    const { session } = JSON.parse(await value('paths/d1/1')) as { session: string };
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    await fetch(`${place.consul.url}/v1/session/destroy/${session}`, { method: 'PUT' });
    await served(second);

    expect(await readFile(power('gw1'), 'utf8')).toBe('off');
    expect(await readFile(power('gw2'), 'utf8')).toBe('on');
    expect(JSON.parse(await value(`exclusions/${session}`))).toMatchObject({
      node: 'gw1', state: 'proven', method: 'fenceAgent', by: 'gw2', evidence: 'fence_dummy status: gw1 is off',
    });
    expect(second.log()).toContain('ssh poweroff is a hint and never proof');
  });
});
