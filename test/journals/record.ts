// Makes the fixtures of a release: `node test/journals/record.ts 0.1`. Run it once per release, before its tag.
// What is recorded here is never recorded again: it stands for the journals that are out there.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { Cluster } from '../scenarios/cluster.ts';

const home = new URL('../..', import.meta.url).pathname.replace(/\/$/, '');
const [release = ''] = process.argv.slice(2);
if (!/^\d+\.\d+$/.test(release)) throw new Error('name the release, as in 0.1');

async function threeNodes(): Promise<Cluster> {
  const cluster = new Cluster();
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name);
  await cluster.addDisk('00001', ['10.0.1.1', '10.0.1.2']);
  await cluster.addDisk('00002', ['10.0.2.1', '10.0.2.2']);
  await cluster.until(() => cluster.allServed(), 10_000);
  await cluster.pass(1_000);
  return cluster;
}

const journalOf = (cluster: Cluster, name: string): Promise<readonly JournalRecord[]> =>
  cluster.node(name).journal.read({ limit: 10_000 });

async function hostLost(): Promise<readonly JournalRecord[]> {
  const cluster = await threeNodes();
  await cluster.lose('n1', 'host');
  await cluster.until(() => cluster.allServed(), 40_000);
  await cluster.pass(1_000);
  return journalOf(cluster, 'n2');
}

async function drainAndMove(): Promise<readonly JournalRecord[]> {
  const cluster = await threeNodes();
  const operator = { by: 'ada', reason: 'firmware' };
  const { engine } = cluster.node('n1').daemon;
  const cause = { kind: 'operator', ...operator } as const;
  void engine.post('node', { type: 'operator.drain', node: 'n2', ...operator } as { type: string }, cause);
  await cluster.until(() => cluster.pathsOf('n2').length === 0 && cluster.allServed(), 10_000);
  void engine.post('node', { type: 'operator.undrain', node: 'n2', ...operator } as { type: string }, cause);
  await cluster.pass(1_000);
  const [path = ''] = cluster.pathsOf('n1');
  void engine.post(`path/${path}`, { type: 'operator.release', to: 'n2', ...operator } as { type: string }, cause);
  await cluster.until(() => cluster.servers(path).includes('n2'), 10_000);
  await cluster.pass(1_000);
  return journalOf(cluster, 'n1');
}

/** Refusals, lost answers, delays, a restart, a session that Consul took, a disk that comes and goes. */
async function trouble(): Promise<readonly JournalRecord[]> {
  const cluster = new Cluster();
  const { faults } = await cluster.start('n1');
  for (const verb of ['target.ensureOpen', 'address.ensureAdded', 'backstore.ensureAttached']) {
    faults.once(verb, { kind: 'refuse', reason: 'no such device' });
  }
  for (const verb of ['target.ensureDefined', 'target.ensureClosed', 'traffic.ensureBlocked']) {
    faults.once(verb, { kind: 'unknown', reason: 'no answer before its deadline', applied: true });
  }
  await cluster.addDisk('00001', ['10.0.1.1', '10.0.1.2']);
  await cluster.until(() => cluster.allServed(), 60_000);
  await cluster.restart('n1');
  await cluster.pass(2_000);
  const after = cluster.node('n1');
  after.faults.once('address.ensureRemoved', { kind: 'refuse', reason: 'device or resource busy' });
  cluster.endSession(cluster.sessionOf('n1'));
  await cluster.pass(30_000);
  const spec = (await cluster.view()).disks.get('00001')?.value;
  await cluster.put('disks/00001', JSON.stringify({ ...spec, desired: 'stopped' }));
  await cluster.pass(3_000);
  return journalOf(cluster, 'n1');
}

/** Consul cannot be reached: everything is torn down at the own deadline, and taken again when it answers. */
async function cutOff(): Promise<readonly JournalRecord[]> {
  const cluster = await threeNodes();
  const node = cluster.node('n1');
  node.cutOff = true;
  await cluster.until(() => cluster.pathsOf('n1').length === 0, 30_000);
  node.cutOff = false;
  await cluster.pass(20_000);
  return journalOf(cluster, 'n1');
}

/** The journal was lost and so was the session: what is still served here is found and torn down. */
async function leftOver(): Promise<readonly JournalRecord[]> {
  const cluster = await threeNodes();
  await cluster.lose('n1', 'daemon');
  await cluster.clock.advanceAndSettle(200);
  await cluster.start('n1');
  await cluster.clock.advanceAndSettle(2_000);
  await cluster.pass(20_000);
  return journalOf(cluster, 'n1');
}

/** Real processes on loopback: one is killed, the others fence it and take its paths. */
async function demo(): Promise<readonly JournalRecord[]> {
  const place = await mkdtemp(join(tmpdir(), 'journals-'));
  const args = ['src/cli/pathwarden.ts', 'demo', '--scenario', 'failover', '--disks', '1', '--keep'];
  const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: place }, stdio: 'ignore' });
  await new Promise((resolve) => child.once('exit', resolve));
  const directory = (await readdir(place)).find((name) => name.startsWith('pathwarden-demo-')) ?? '';
  const root = join(place, directory);
  const journals = ['n1', 'n2', 'n3'].map((node) => stored(join(root, node, 'journal.sqlite'), root));
  await rm(place, { recursive: true });
  const fenced = (records: readonly JournalRecord[]) => records.some(({ event }) => event.type === 'fence.proven');
  return journals.find(fenced) ?? [];
}

function stored(file: string, root: string): readonly JournalRecord[] {
  using database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT * FROM records ORDER BY seq').all();
  const anywhere = (text: string): string => text.replaceAll(root, '/demo').replaceAll(home, '/opt/pathwarden');
  const json = (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(anywhere(text)) : null);
  return rows.map((row) => ({
    seq: row['seq'],
    actor: row['actor'],
    machine: row['machine'],
    at: row['at'],
    event: json(row['event']),
    value: json(row['value']),
    intents: json(row['intents']),
    cause: json(row['cause']),
    settles: row['settles'],
  })) as JournalRecord[];
}

for (const [name, record] of Object.entries({ hostLost, drainAndMove, trouble, cutOff, leftOver, demo })) {
  const records = await record();
  if (records.length === 0) throw new Error(`${name} recorded nothing`);
  const words = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const file = new URL(`${release}-${words}.ndjson`, import.meta.url);
  await writeFile(file, records.map((each) => `${JSON.stringify(each)}\n`).join(''));
  console.log(`${file.pathname}: ${String(records.length)} records`);
}
