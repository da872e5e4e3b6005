import { expect, test } from 'vitest';
import { aCluster, aDisk, aNode, aPath } from './fake-agent.ts';
import { bench, fakeTerminal } from './fake-terminal.ts';

test('disk list shows each disk with what is desired and how many paths are owned', async () => {
  const { agent, pathwarden } = await bench();
  const degraded = aDisk('00002', { status: 'degraded', paths: [aPath('00002', 1, { owner: null })] });
  agent.cluster = aCluster({ disks: [aDisk('00001'), degraded] });
  const { code, out } = await pathwarden('disk list');
  expect(code).toBe(0);
  expect(out.split('\n').map((line) => line.split(/\s{2,}/))).toEqual([
    ['DISK', 'STATUS', 'DESIRED', 'OWNED', 'IQN'],
    ['00001', 'started', 'started', '2 of 2', 'iqn.2026-01.io.pathwarden:00001'],
    ['00002', 'degraded', 'started', '0 of 1', 'iqn.2026-01.io.pathwarden:00002'],
  ]);
});

test('an empty list says how to fill it', async () => {
  const { pathwarden } = await bench();
  expect((await pathwarden('disk list')).out).toBe('no disks; add one with `pathwarden disk add`');
});

test('--json prints one object with ok', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { out } = await pathwarden('path list --json');
  expect(JSON.parse(out)).toEqual({ ok: true, node: 'gw1', paths: agent.cluster.disks[0]?.paths });
});

test('path list can show the paths of one node only', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { out } = await pathwarden('path list --node gw2');
  expect(out).toContain('00001/2');
  expect(out).not.toContain('00001/1');
});

test('lists say that the view is old and which keys were skipped', async () => {
  const { agent, pathwarden } = await bench();
  const problems = [{ key: 'disks/x', reason: 'not JSON' }];
  agent.cluster = aCluster({ trouble: 'connection refused', ageMs: 42_000, problems });
  const { out } = await pathwarden('path list');
  expect(out).toContain('gw1 last heard from Consul 42 s ago: connection refused');
  expect(out).toContain('skipped disks/x: not JSON');
});

test('a path that waits for something says so in its row', async () => {
  const { agent, pathwarden } = await bench();
  const waiting = aPath('00001', 1, {
    pendingExclusion: { node: 'gw3', session: 's3' },
    local: { state: 'locking.proving', tags: ['needsOperator'] },
  });
  agent.cluster = aCluster({ disks: [aDisk('00001', { paths: [waiting] })] });
  const { out } = await pathwarden('path list');
  expect(out).toContain('needs an operator');
  expect(out).toContain('gw3 must be proven unable to write first');
});

test('a path that waits for the end of maintenance says so, and so does every list', async () => {
  const { agent, pathwarden } = await bench();
  const waits = 'maintenance of the cluster by ada since 2026-01-31 12:03 UTC: new switch';
  const path = aPath('00001', 1, { owner: null, waits, pendingExclusion: { node: 'gw3', session: 's3' } });
  const maintenance = { by: 'ada', reason: 'new switch', since: 0, until: 7_200_000 };
  agent.cluster = aCluster({
    maintenance,
    nodes: [aNode('gw1', { maintenance }), aNode('gw2', { alive: false, maintenance })],
    disks: [aDisk('00001', { paths: [path] })],
  });
  const { out } = await pathwarden('path list');
  expect(out).toContain(`waits: ${waits}`);
  expect(out).toMatch(/the cluster is in maintenance since .* \(ada: new switch\), until/);
  expect((await pathwarden('node list')).out).toMatch(/gw1 +alive, maintenance since[^]*gw2 +lost, maintenance since/);
  const status = (await pathwarden('maintenance status')).out;
  expect(status).toMatch(/cluster +maintenance since[^]*node gw1 +maintenance since/);
  expect(status).toMatch(/00001\/1 +maintenance of the cluster by ada/);
});

test('maintenance status says that there is none', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { out } = await pathwarden('maintenance status');
  expect(out).toMatch(/cluster +no maintenance/);
  expect(out).toContain('no path waits because of maintenance');
});

test('node list shows lost and draining nodes, and what is still to be proven', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster({
    nodes: [aNode('gw1', { draining: { by: 'bob', reason: 'new memory' } }), aNode('gw2', { alive: false })],
    exclusions: [{ session: 's2', node: 'gw2', state: 'wanted', method: 'self', by: 'gw1', at: 0, evidence: '' }],
  });
  const { out } = await pathwarden('node list');
  expect(out).toContain('draining (bob: new memory)');
  expect(out).toMatch(/gw2 +lost/);
  expect(out).toMatch(/To be proven unable to write:[^]*gw2 +s2 +wanted +self/);
});

test('disk show says who is logged in at the node, and that a disk is open to anyone', async () => {
  const { agent, pathwarden } = await bench();
  const logins = [
    { initiator: 'iqn.a:b', address: '10.0.1.9', state: 'logged in' },
    { initiator: 'iqn.c:d', address: null, state: 'logged in' },
  ];
  agent.cluster = aCluster({ disks: [aDisk('00001', { logins }), aDisk('00002')] });
  const { out } = await pathwarden('disk show 00001');
  expect(out).toMatch(/INITIATOR AT gw1 +ADDRESS +STATE\niqn\.a:b +10\.0\.1\.9 +logged in\niqn\.c:d +- +logged in/);
  expect(out).toContain('{"initiators":[]} (any initiator may log in)');
  expect((await pathwarden('disk show 00002')).out).not.toContain('INITIATOR');
});

test('disk show names what there is when there is no such disk', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors } = await pathwarden('disk show 00009');
  expect(code).toBe(4);
  expect(errors).toBe('pathwarden: There is no disk 00009; there is: 00001');
});

const explanation = {
  waits: null,
  actor: 'path/00001/1',
  state: 'enabled',
  description: 'The path is served here.',
  chain: [
    {
      seq: 9,
      actor: 'path/00001/1',
      at: 1_800_000_002_500,
      event: { type: 'portal.opened' },
      state: 'enabled',
      cause: { kind: 'intent', id: '8.0' },
      text: 'The portal answers.',
    },
    {
      seq: 8,
      actor: 'disk/00001',
      at: 1_800_000_002_000,
      event: { type: 'operator.start' },
      state: 'started',
      cause: { kind: 'operator', by: 'alice', reason: 'go' },
      text: 'Alice started the disk.',
    },
  ],
  recent: [],
};

test('path explain walks back to the first cause with times', async () => {
  const { agent, pathwarden } = await bench();
  agent.answers.set('/v1/actors/path/00001/1/explain', { status: 200, body: explanation });
  const { out } = await pathwarden('path explain 00001/1');
  const lines = out.split('\n');
  expect(lines.slice(0, 2)).toEqual(['path/00001/1 is enabled', 'The path is served here.']);
  expect(lines[4]).toMatch(/^ {2}\d{4}-\d\d-\d\d \d\d:\d\d:02\.500 {2}path\/00001\/1 -> enabled$/);
  expect(lines[5]).toBe('      The portal answers.  [portal.opened, #9]');
  expect(lines[6]).toMatch(/02\.000 {2}disk\/00001 -> started {2}\(500 ms before\)$/);
  expect(lines.at(-1)).toBe('      first cause: alice asked for it: go');
});

test('path explain of a path that is not known here says where to ask', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors } = await pathwarden('path explain 00001/7');
  expect(code).toBe(4);
  expect(errors).toBe('pathwarden: path 00001/7 is not known on gw1; ask another node with --node: gw2');
});

test('--node asks the agent that the cluster names for it', async () => {
  const here = await bench();
  const there = await bench();
  here.agent.cluster = aCluster({ nodes: [aNode('gw1'), aNode('gw2', { inspector: there.url })] });
  there.agent.answers.set('/v1/actors/path/00001/1/explain', { status: 200, body: explanation });
  expect((await here.pathwarden('path explain 00001/1 --node gw2')).code).toBe(0);
  expect(there.agent.requests).toEqual(['GET /v1/actors/path/00001/1/explain']);
});

test('machine show --mermaid prints nothing but the diagram', async () => {
  const { agent, pathwarden } = await bench();
  const machine = { name: 'disk-path', version: 1, definition: {}, graph: {}, mermaid: 'stateDiagram-v2\n  a --> b\n' };
  agent.answers.set('/v1/machines/disk-path', { status: 200, body: machine });
  expect((await pathwarden('machine show disk-path --mermaid')).out).toBe('stateDiagram-v2\n  a --> b');
});

test('--watch without a terminal prints a block at each change', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const terminal = fakeTerminal();
  terminal.onPrint = (out) => {
    if (out.length === 1) agent.cluster = aCluster({ disks: [] });
    else terminal.end();
  };
  expect((await pathwarden('path list --watch', terminal)).code).toBe(0);
  expect(terminal.out).toHaveLength(2);
  expect(terminal.out[0]).toContain('00001/1');
  expect(terminal.out[1]).toBe('no paths');
});

test('--watch on a terminal redraws until q, says when it is out of date, and gives the keyboard back', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const terminal = fakeTerminal({ interactive: true });
  terminal.onPrint = (out) => {
    if (out.length === 1) void agent.stop();
    else terminal.pressQuit();
  };
  expect((await pathwarden('path list --watch', terminal)).code).toBe(0);
  expect(terminal.out).toHaveLength(2);
  expect(terminal.out[0]?.startsWith('\u001B[H\u001B[2J')).toBe(true);
  expect(terminal.out[0]).toMatch(/00001\/1[^]*q ends$/);
  expect(terminal.out[1]).toContain('out of date: The agent at');
  expect(terminal.keyboardGivenBack).toBe(true);
});
