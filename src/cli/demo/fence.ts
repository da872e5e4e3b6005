// The fence of the demo, run as a program: node fence.ts DIRECTORY CONSUL_URL PORTAL_PORT NODE
// Kills the daemon of that node, and exits 0 only when it has seen the process gone and none of its portals answer.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bannerOf } from './banner.ts';
import { isGone, type ProcessIdentity } from './proc.ts';

const deadlineMs = 5000;
const lookEveryMs = 10;
const bannerDeadlineMs = 1000;

try {
  process.stdout.write(`${await fence(process.argv.slice(2))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Answers the evidence; throws why it is not proven. */
async function fence([directory, consulUrl, portalPort, node]: readonly string[]): Promise<string> {
  if (directory === undefined || consulUrl === undefined || portalPort === undefined || node === undefined) {
    throw new Error('usage: fence DIRECTORY CONSUL_URL PORTAL_PORT NODE');
  }
  // The name becomes part of a file name.
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(node)) throw new Error(`${node} is not a node name`);
  const until = performance.now() + deadlineMs;
  const victim = recorded(join(directory, node, 'process.json'));
  if (!isGone(victim)) kill(victim);
  while (!isGone(victim)) {
    if (performance.now() > until) throw new Error(`process ${String(victim.pid)} of ${node} does not die`);
    await pause(lookEveryMs);
  }
  const portals = await portalsOf(consulUrl, Number(portalPort));
  await Promise.all(portals.map((portal) => notAnsweredBy(node, portal, until)));
  return `process ${String(victim.pid)} is gone, none of ${String(portals.length)} portals answers as ${node}`;
}

function recorded(file: string): ProcessIdentity {
  const { pid, startTicks } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  // 0 and negative pids are groups of processes, 1 is the system itself.
  const sound = typeof pid === 'number' && Number.isInteger(pid) && pid > 1 && Number.isInteger(startTicks);
  if (sound) return { pid, startTicks: startTicks as number };
  throw new Error(`${file} names no process`);
}

function kill({ pid }: ProcessIdentity): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ESRCH') return;
    throw new Error(`process ${String(pid)} cannot be killed (${String(code)})`, { cause: error });
  }
}

interface Portal {
  readonly ip: string;
  readonly port: number;
}

/** Every portal of every disk: what the victim may have served is not known, so all are looked at. */
async function portalsOf(consulUrl: string, portalPort: number): Promise<readonly Portal[]> {
  const response = await fetch(`${consulUrl}/v1/kv/pathwarden/disks/?recurse`, { signal: AbortSignal.timeout(2000) });
  if (response.status === 404) return [];
  if (!response.ok) throw new Error(`Consul answered ${String(response.status)}: the portals are not known`);
  const rows = (await response.json()) as readonly { readonly Value: string }[];
  return rows.flatMap(({ Value }) => {
    const spec = JSON.parse(Buffer.from(Value, 'base64').toString()) as { paths: readonly Partial<Portal>[] };
    return spec.paths.map(({ ip = '', port = portalPort }) => ({ ip, port }));
  });
}

async function notAnsweredBy(node: string, { ip, port }: Portal, until: number): Promise<void> {
  for (;;) {
    const banner = await bannerOf({ ip, port }, bannerDeadlineMs);
    if (banner.kind === 'closed') return;
    if (banner.kind === 'answered' && banner.node !== node) return;
    const trouble = banner.kind === 'answered' ? `still answers as ${node}` : 'is open and does not say whose it is';
    if (performance.now() > until) throw new Error(`portal ${ip}:${String(port)} ${trouble}`);
    await pause(lookEveryMs);
  }
}
