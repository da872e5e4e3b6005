// The demo as somebody runs it: real processes, real connections.
import { mkdirSync, readdirSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { identityOf } from '../../src/cli/demo/proc.ts';
import { demo, type Running, temporaryDirectory } from './programs.ts';

const pidsIn = (text: string): number[] => [...text.matchAll(/kill -9 (\d+)/g)].map(([, pid]) => Number(pid));
const alive = (pids: readonly number[]): number[] => pids.filter((pid) => identityOf(pid) !== null);

/** The pids of its nodes, once all paths are served. */
async function settled({ out, errors }: Running): Promise<number[]> {
  await vi.waitFor(() => expect(`${out()}${errors()}`).toContain('all paths are served'), { timeout: 30_000 });
  return pidsIn(out());
}

interface Report {
  readonly ok: boolean;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly failures: readonly string[];
}

test('a killed node loses its paths to the others, and no path ever has two', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  const { out, ended } = demo(['--scenario', 'failover', '--json'], directory);
  const { code } = await ended;
  const report = JSON.parse(out().trimEnd().split('\n').at(-1) ?? '') as Report;
  expect(report).toMatchObject({
    ok: true,
    failures: [],
    metrics: { doubleServiceMoments: 0, wrongBanners: 0 },
  });
  // One of three nodes has at least a third of twelve paths.
  expect(report.metrics['pathsMoved']).toBeGreaterThanOrEqual(4);
  expect(report.metrics['exclusion']).toMatch(/^command: process \d+ is gone, none of 12 portals answers as n\d$/);
  expect(code).toBe(0);
  expect(readdirSync(directory)).toEqual([]);
});

test('two demos run beside each other', { timeout: 90_000 }, async () => {
  const args = ['--scenario', 'failover', '--json', '--disks', '1', '--nodes', '2'];
  const both = [demo(args, temporaryDirectory()), demo(args, temporaryDirectory())];
  for (const { out, errors, ended } of both) {
    const { code } = await ended;
    expect({ code, errors: errors(), ...(JSON.parse(out()) as Report) }).toMatchObject({ code: 0, ok: true });
  }
});

test('ctrl-c leaves no process and no file behind', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  const running = demo(['--nodes', '2'], directory);
  const pids = await settled(running);
  expect(alive(pids)).toHaveLength(2);
  expect(readdirSync(directory)).toHaveLength(1);
  running.child.kill('SIGINT');
  // As a terminal and npm do it: both tell.
  running.child.kill('SIGINT');
  expect(await running.ended).toEqual({ code: 0, signal: null });
  expect(alive(pids)).toEqual([]);
  expect(readdirSync(directory)).toEqual([]);
});

test('ctrl-c while it starts is no error and leaves nothing behind', { timeout: 60_000 }, async () => {
  const directory = temporaryDirectory();
  const running = demo([], directory);
  await vi.waitFor(() => expect(running.out()).toContain('starting'), { timeout: 20_000 });
  running.child.kill('SIGINT');
  expect(await running.ended).toEqual({ code: 130, signal: null });
  expect(running.errors()).toBe('');
  expect(readdirSync(directory)).toEqual([]);
});

test('the nodes end with the launcher even when it is killed', { timeout: 60_000 }, async () => {
  const running = demo(['--nodes', '2', '--disks', '1'], temporaryDirectory());
  const pids = await settled(running);
  running.child.kill('SIGKILL');
  await running.ended;
  await vi.waitFor(() => expect(alive(pids)).toEqual([]), { timeout: 10_000 });
});

test('a failover with one node is refused', async () => {
  const { errors, ended } = demo(['--scenario', 'failover', '--nodes', '1'], temporaryDirectory());
  expect((await ended).code).toBe(2);
  expect(errors()).toBe('pathwarden: A failover needs at least --nodes 2\n');
});

test('a node that does not start is told with the reason from its log', { timeout: 60_000 }, async () => {
  // The directory becomes part of the fence command, where a name in braces stands for something.
  const directory = `${temporaryDirectory()}/{odd}`;
  mkdirSync(directory);
  const { errors, ended } = demo(['--nodes', '2'], directory);
  expect((await ended).code).toBe(3);
  expect(errors()).toMatch(/Node n\d of the demo did not start \(exit code 2\); --keep keeps its log\. It says:\n/);
  expect(errors()).toContain('{odd} is replaced by nothing');
  expect(readdirSync(directory)).toEqual([]);
});
