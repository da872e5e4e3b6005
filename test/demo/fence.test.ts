// The fence of the demo says "proven" only when it is.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../adapters/clock/system.ts';
import { startEmbeddedConsul } from '../../adapters/consul/embedded/server.ts';
import { identityOf, type ProcessIdentity } from '../../src/cli/demo/proc.ts';
import { leftOut, notRoot } from '../left-out.ts';
import { fence, idle, temporaryDirectory } from './programs.ts';

/** A directory with n1 as `recorded`, and a Consul with one disk whose portal is `portal`. */
async function place(recorded: ProcessIdentity | null, portal = { ip: '127.88.1.1', port: 1 }) {
  const directory = temporaryDirectory();
  mkdirSync(`${directory}/n1`);
  if (recorded !== null) writeFileSync(`${directory}/n1/process.json`, JSON.stringify(recorded));
  const consul = await startEmbeddedConsul({ clock: systemClock() });
  onTestFinished(() => consul.stop());
  const body = JSON.stringify({ paths: [portal] });
  await fetch(`${consul.url}/v1/kv/pathwarden/disks/00001`, { method: 'PUT', body });
  return { directory, url: consul.url };
}

async function portalThatSays(banner: string): Promise<{ ip: string; port: number }> {
  const server = createServer((socket) => void socket.on('error', () => undefined).end(banner));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.88.1.1', resolve);
  onTestFinished(() => void server.close());
  await promise;
  return { ip: '127.88.1.1', port: (server.address() as AddressInfo).port };
}

const running = (pid: number): boolean => identityOf(pid) !== null;

test('it kills the process of the node and says so', async () => {
  const victim = await idle();
  const { directory, url } = await place(identityOf(victim.pid));
  const { code, out } = await fence([directory, url, '3260', 'n1']);
  const evidence = `process ${String(victim.pid)} is gone, none of 1 portals answers as n1\n`;
  expect({ code, out }).toEqual({ code: 0, out: evidence });
  await vi.waitFor(() => expect(victim.signalCode).toBe('SIGKILL'));
});

test('it spares a process that has the pid by now, and counts the old one as gone', async () => {
  const other = await idle();
  const { directory, url } = await place({ pid: other.pid, startTicks: 1 });
  expect((await fence([directory, url, '3260', 'n1'])).code).toBe(0);
  expect(running(other.pid)).toBe(true);
});

// Only root can make a process that somebody else must not kill.
test.skipIf(leftOut('a process of root', notRoot()) !== null)('it refuses while the process lives', async () => {
  const victim = await idle();
  const { directory, url } = await place(identityOf(victim.pid));
  chmodSync(directory, 0o755);
  const { code, errors } = await fence([directory, url, '3260', 'n1'], { uid: 65_534 });
  expect({ code, errors }).toEqual({ code: 1, errors: `process ${String(victim.pid)} cannot be killed (EPERM)\n` });
  expect(running(victim.pid)).toBe(true);
});

test('it refuses while a portal still answers as that node', { timeout: 30_000 }, async () => {
  const portal = await portalThatSays('pathwarden n1 iqn.2026-01.net.example:00001\n');
  const { directory, url } = await place({ pid: 2 ** 22 + 1, startTicks: 1 }, portal);
  const { code, errors } = await fence([directory, url, '3260', 'n1']);
  const reason = `portal ${portal.ip}:${String(portal.port)} still answers as n1\n`;
  expect({ code, errors }).toEqual({ code: 1, errors: reason });
});

test('a portal that another node serves by now is no obstacle', async () => {
  const portal = await portalThatSays('pathwarden n2 iqn.2026-01.net.example:00001\n');
  const { directory, url } = await place({ pid: 2 ** 22 + 1, startTicks: 1 }, portal);
  expect((await fence([directory, url, '3260', 'n1'])).code).toBe(0);
});

test('it refuses when it cannot know: no process recorded, no Consul, no node name', async () => {
  const unrecorded = await place(null);
  expect((await fence([unrecorded.directory, unrecorded.url, '3260', 'n1'])).code).toBe(1);
  const { directory } = await place({ pid: 2 ** 22 + 1, startTicks: 1 });
  expect((await fence([directory, 'http://127.0.0.1:1', '3260', 'n1'])).code).toBe(1);
  expect((await fence([directory, 'http://127.0.0.1:1', '3260', '../n1'])).errors).toBe('../n1 is not a node name\n');
});

test('it never takes a group of processes or the system for a node', async () => {
  for (const pid of [-1, 0, 1]) {
    const { directory, url } = await place({ pid, startTicks: 1 });
    expect((await fence([directory, url, '3260', 'n1'])).errors).toContain('names no process');
  }
});
