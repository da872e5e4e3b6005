// CHAP secrets, tokens and arguments of fence commands never show: not in journals, logs, answers, errors or exports.
import { afterAll, expect, test, vi } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { serveReplay } from '../../src/journal-tools.ts';
import { deleteKey, setKey } from '../../adapters/consul/embedded/kv.ts';
import { fakeTerminal } from '../cli/fake-terminal.ts';
import { canaries, Sweep } from './canaries.ts';
import { acceptedUser, type Gateway, TwoNodes } from './two-nodes.ts';

const sweep = new Sweep();
const world = new TwoNodes(sweep);
afterAll(() => world.remove());

async function pathwarden(args: readonly string[], { url }: Pick<Gateway, 'url'>): Promise<string> {
  const terminal = fakeTerminal({ yes: true });
  const env = { PATHWARDEN_URL: url, PATHWARDEN_TOKEN_FILE: world.path('token'), PATHWARDEN_DEBUG: '1' };
  await run(args, { ...terminal, env });
  const said = [...terminal.out, ...terminal.errors].join('\n');
  sweep.add('command line', said);
  return said;
}

async function get({ url }: Pick<Gateway, 'url'>, path: string): Promise<string> {
  const answer = await (await fetch(`${url}${path}`)).text();
  sweep.add(`GET ${path.split('?', 1)[0] ?? ''}`, answer);
  return answer;
}

async function post({ url }: Gateway, path: string, body: unknown, token: string): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: text });
  sweep.add('POST answers', await response.text());
}

const ipOf = (disk: string, index: number): string => `10.0.${disk.slice(-1)}.${String(index)}`;
const spec = (disk: string, access: object, backstore: object) => ({
  desired: 'started', iqn: `iqn.2026-01.net.example:${disk}`, wwn: `6000000000000${disk.slice(-3)}`,
  backstore, access, paths: [1, 2].map((index) => ({ index, ip: ipOf(disk, index), prefix: 24, interface: 'eth1' })),
});
const operator = { by: 'ada', reason: 'test', waitMs: 200 };

/** Somebody writes into Consul by hand, and puts a secret where none belongs. */
function byHand(key: string, value: string | null): void {
  const row = { key: `pathwarden/${key}`, value: Buffer.from(value ?? '').toString('base64'), flags: 0, session: '' };
  world.store.write((state) => (value === null ? deleteKey(state, row.key, 0) : setKey(state, row)));
}

const eventually = (holds: () => Promise<void>): Promise<void> => vi.waitFor(holds, { timeout: 15_000, interval: 100 });

test('nothing that is said holds a secret, whatever goes right or wrong', { timeout: 60_000 }, async () => {
  const n1 = await world.start('n1', 'quoting');
  const n2 = await world.start('n2', 'memory');
  await eventually(async () => expect(await get(n1, '/readyz')).toContain('"ready":true'));
  await eventually(async () => expect(await get(n2, '/readyz')).toContain('"ready":true'));

  // Made in order, with the secrets in files. The account of the initiator fails, on the other disk that of the target,
  // and the command quotes its argv, secret and all.
  const chap = (user: string): string[] => ['--chap-user', user, '--chap-secret-file', world.path('chap-secret')];
  const mutual = ['--mutual-chap-user', 'target', '--mutual-chap-secret-file', world.path('mutual-chap-secret')];
  for (const [disk, user, refused] of [['00001', 'user', 'user'], ['00005', acceptedUser, 'target']] as const) {
    const image = ['--file', `/srv/${disk}.img`, ...[1, 2].flatMap((at) => ['--path', `${ipOf(disk, at)}/24@eth1`])];
    await pathwarden(['disk', 'add', disk, ...image, '--start', ...chap(user), ...mutual, '--reason', 'test'], n1);
    const ofDisk = `/v1/events?actor=disk/${disk}`;
    await eventually(async () => expect(await get(n1, ofDisk)).toMatch(/target\.define(Refused|Unknown)/));
    expect(await get(n1, ofDisk)).toContain(`--user ${refused} --password ***`);
  }

  // With the secret where none belongs: posted, from a file, and straight into Consul.
  const inline = { initiators: [], chap: { user: 'user', secret: canaries.inlineChap, secretFile: '/x' } };
  const wrong = spec('00002', inline, { kind: 'memory' });
  const token = canaries.operatorToken;
  const toDisk = '/v1/actors/disk/00002/events';
  await post(n1, toDisk, { type: 'operator.add', spec: wrong, ...operator }, token);
  await post(n1, toDisk, `{"type": "${canaries.inlineChap}"`, token);
  await post(n1, toDisk, { type: canaries.inlineChap, ...operator }, token);
  const files = { 'wrong.json': JSON.stringify(wrong), 'wrong.yaml': `x: "${canaries.inlineChap}` };
  for (const file of Object.entries(files).map(([name, text]) => world.write(name, text))) {
    await pathwarden(['disk', 'add', '00002', '--spec', file, '--reason', 'test'], n1);
    await pathwarden(['disk', 'add', '00002', '--spec', file, '--reason', 'test', '--json'], n1);
  }
  byHand('disks/00002', JSON.stringify(wrong));
  byHand('disks/00003', `{"desired": ${canaries.notJson}`);
  const others = ['paths/00001/9', 'moves/00001/9', 'drains/n9', 'nodes/n9', 'exclusions/s9'];
  for (const key of others) byHand(key, canaries.notJson);
  await eventually(async () => expect(await get(n1, '/v1/cluster')).toContain('exclusions/s9'));

  // Wrong tokens.
  await post(n1, `/v1/actors/node/events?token=${canaries.wrongToken}`, {}, canaries.wrongToken);
  await get(n1, '/v1/nothing');

  // Taken, moved, given up, lost; and a fence that fails and quotes its arguments.
  byHand('disks/00004', JSON.stringify(spec('00004', { initiators: [] }, { kind: 'memory' })));
  await eventually(async () => expect(await get(n2, '/v1/actors/path/00004/1')).toContain('"enabled"'));
  await post(n2, '/v1/actors/path/00004/1/events', { type: 'operator.release', ...operator }, token);
  await post(n1, '/v1/actors/node/events', { type: 'operator.drain', node: 'n2', ...operator }, token);
  await eventually(async () => expect(await get(n1, '/v1/events?limit=1000')).toContain('"path/00004/1"'));
  await post(n1, '/v1/actors/node/events', { type: 'operator.undrain', node: 'n2', ...operator }, token);
  await eventually(async () => expect(await get(n2, '/v1/actors/path/00004/1')).toContain('"enabled"'));
  await pathwarden(['path', 'explain', '00004/1'], n2);
  await pathwarden(['path', 'timeline', '00004/1'], n2);
  await n2.stop('keep');
  for (const session of [...world.store.state.sessions.values()].filter(({ name }) => name.includes('n2'))) {
    world.store.destroySession(session.id);
  }
  const newest = '/v1/events?newest=true&limit=1000';
  await eventually(async () => expect(await get(n1, newest)).toContain('fence.runRefused'));

  for (const path of ['/v1/actors', '/v1/actors/node', '/v1/actors/disk/00001', '/v1/actors/disk/00001/explain',
    '/v1/actors/path/00001/1/explain', '/v1/actors/disk/00001?at=12', '/v1/events?limit=1000', '/v1/journal',
    '/metrics', '/v1/openapi.json', '/v1/machines/disk', '/livez', '/']) await get(n1, path);
  for (const line of ['disk list', 'disk show 00001', 'path list', 'path show 00001/1', 'path explain 00001/1',
    'node list', 'events --limit 1000', 'events --limit 1000 --json', 'disk stop 00001 --reason x',
    'disk remove 00001 --reason x']) await pathwarden(line.split(' '), n1);
  byHand('disks/00002', null);
  await n1.stop('drain');
  sweepConsul();
  await sweepPast(n1);
  world.sweepFiles();

  const places = ['log', 'journal file', 'command line', 'POST answers', 'Consul'];
  expect(sweep.places).toEqual(expect.arrayContaining(places));
  expect(sweep.leaks).toEqual([]);
});

/** What the daemons themselves wrote for all to see. */
function sweepConsul(): void {
  const written = [...world.store.state.kv.values()].filter(({ key }) => !/\/(00002|00003|9|n9|s9)$/.test(key));
  for (const { key, value } of written) sweep.add('Consul', `${key} ${Buffer.from(value, 'base64').toString()}`);
}

/** The journal as a file: exported, verified, replayed. */
async function sweepPast(gateway: Gateway): Promise<void> {
  await pathwarden(['journal', 'export', gateway.journalFile], gateway);
  const verified = await pathwarden(['journal', 'verify', gateway.journalFile], gateway);
  expect(verified).toContain('ok');
  await pathwarden(['journal', 'info', gateway.journalFile], gateway);
  const replay = await serveReplay(gateway.journalFile, { host: '127.0.0.1', port: 0 });
  for (const path of ['/v1/cluster', '/v1/actors', '/v1/events?limit=1000']) await get(replay, path);
  await replay.close();
}
