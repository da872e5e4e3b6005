// How fast the paths of a dead node are served again: three daemons, three Consul servers, one of each node dies.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BenchDaemon, lockDelayMs, startDaemon, type Step } from './daemon.ts';
import { addDisks, held, untilServed } from './disks.ts';
import { ask, listKeys } from './kv.ts';
import { loopBaseline, parallelAcquires } from './takeover-baselines.ts';
import type { Figure, Result } from './report.ts';
import { type ConsulServers, serverName, startServers } from './servers.ts';
import { until } from '../lab/clock.ts';

const sizes = [
  { orphans: 40, barMs: 1000 },
  { orphans: 400, barMs: 4000 },
] as const;

export const takeover = {
  name: 'takeover',
  about:
    'Three daemons, each a process of its own, serve three times as many paths; one is killed and ' +
    'its session destroyed. ' +
    'Zero: the destroy was sent, plus the lock-delay of 1 s: before that Consul gives the locks to nobody. ' +
    'End: the record that a path is enabled is durable on a survivor.',
  async run(): Promise<Result> {
    const folder = await mkdtemp(join(tmpdir(), 'pathwarden-bench-'));
    const servers = await startServers(folder);
    const figures: Figure[] = [];
    try {
      for (const { orphans, barMs } of sizes) {
        const measured = await failOver(servers, folder, orphans);
        figures.push(...(await compared(servers, measured, orphans, barMs)));
      }
      return { figures };
    } finally {
      await servers.stop();
      if (process.env['PATHWARDEN_BENCH_KEEP'] === undefined) await rm(folder, { recursive: true });
      else console.error(folder);
    }
  },
};

interface Measured {
  readonly orphans: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** From the destroy to the published exclusion. */
  readonly excludedMs: number;
}

async function failOver({ urls }: ConsulServers, folder: string, orphans: number): Promise<Measured> {
  const prefix = `pathwarden-${String(orphans)}/`;
  const daemons = await Promise.all(
    urls.map((consul, position) => {
      const name = serverName(position);
      return startDaemon({ name, consul, prefix, folder: `${folder}/${name}/${String(orphans)}` });
    }),
  );
  const [consul = ''] = urls;
  try {
    await until('all daemons alive', 20_000, async () => (await livingNodes(consul, prefix)).length === daemons.length);
    await addDisks(consul, prefix, orphans * daemons.length);
    await untilServed(daemons, orphans * daemons.length, 90_000);
    return await kill(daemons, urls, prefix);
  } finally {
    await Promise.all(daemons.map((daemon) => daemon.stop('SIGTERM')));
  }
}

const livingNodes = async (consul: string, prefix: string) =>
  (await listKeys(consul, `${prefix}nodes/`)).filter(({ Session }) => Session !== undefined);

/** The node with the most paths dies, so that there are never fewer orphans than the figure says. */
async function kill(daemons: readonly BenchDaemon[], urls: readonly string[], prefix: string): Promise<Measured> {
  const [consul = ''] = urls;
  const counts = await held(consul, prefix);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const [[session, orphans] = ['', 0]] = [...counts].sort(([, a], [, b]) => b - a);
  const record = (await livingNodes(consul, prefix)).find(({ Session }) => Session === session);
  const position = daemons.findIndex(({ name }) => record?.Key === `${prefix}nodes/${name}`);
  const survivors = daemons.filter((_, index) => index !== position);
  await daemons[position]?.stop('SIGKILL');
  const destroyedAtMs = Date.now();
  await ask('PUT', `${urls[(position + 1) % urls.length] ?? consul}/v1/session/destroy/${session}`);
  await untilServed(survivors, total, 60_000);
  return timesOf(survivors.flatMap((daemon) => daemon.steps()), destroyedAtMs, orphans);
}

function timesOf(steps: readonly Step[], destroyedAtMs: number, orphans: number): Measured {
  const after = steps.filter(({ atMs }) => atMs >= destroyedAtMs);
  const proven = after.filter(({ actor, to }) => actor.startsWith('exclusion/') && to === 'published');
  const taken = after.filter(({ actor, to }) => actor.startsWith('path/') && to === 'enabled');
  if (taken.length !== orphans) throw new Error(`${String(orphans)} orphans, and ${String(taken.length)} taken over`);
  // The fence answers at once, so a proof that comes later than the locks is our own delay and counts.
  const zeroMs = destroyedAtMs + lockDelayMs;
  const excludedMs = Math.max(...proven.map(({ atMs }) => atMs - destroyedAtMs));
  const times = taken.map(({ atMs }) => atMs - zeroMs).sort((a, b) => a - b);
  const at = (share: number) => times[Math.ceil(times.length * share) - 1] ?? Number.NaN;
  return { orphans, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1), excludedMs };
}

async function compared(servers: ConsulServers, measured: Measured, asked: number, barMs: number): Promise<Figure[]> {
  const { orphans, p50Ms, p95Ms, maxMs, excludedMs } = measured;
  const floorMs = await parallelAcquires(servers.urls, orphans);
  const loop = await loopBaseline(servers.urls, orphans);
  const measuredPaths = `measured with ${String(loop.measuredPaths)} paths, the rest extrapolated`;
  const name = `takeover of ${String(asked)} paths`;
  return [
    {
      name: `${name}, last path`,
      value: maxMs,
      unit: 'ms',
      bar: { atMost: barMs },
      baseline: { value: floorMs, what: 'the same keys acquired in parallel, nothing else' },
      facts: { orphans, p50Ms, p95Ms, maxMs, excludedMs, pathsServedElsewhere: asked * 3 - orphans },
    },
    {
      name: `${name}, against a loop`,
      value: maxMs,
      unit: 'ms',
      baseline: {
        value: loop.extrapolatedMs,
        what: `two loops, one path at a time with the sleeps of PetaSAN; ${measuredPaths}`,
      },
      facts: { loopMeasuredPaths: loop.measuredPaths, loopMeasuredMs: loop.measuredMs },
    },
    {
      name: `${name}, against a loop without sleeps`,
      value: maxMs,
      unit: 'ms',
      baseline: { value: loop.sleeplessMs, what: 'two loops, one path at a time without any sleep, all paths' },
    },
  ];
}
