// The scenario without people: settle, kill the node with most paths, wait until others serve them, say how long.
import { setTimeout as pause } from 'node:timers/promises';
import type { DemoCluster } from './cluster.ts';
import type { DemoNode } from './nodes.ts';
import type { Observed, Prober } from './prober.ts';

const settleDeadlineMs = 20_000;
const failoverDeadlineMs = 20_000;
/** Long enough for a late second answer to be seen. */
const lookOnMs = 500;

export interface Metrics {
  readonly settleMs: number;
  readonly killedNode: string;
  readonly pathsMoved: number;
  /** All from the kill on. */
  readonly sessionGoneMs: number | null;
  readonly firstPathServedMs: number | null;
  readonly lastPathServedMs: number | null;
  /** Time without an answer, over the paths of the killed node. */
  readonly gapP50Ms: number | null;
  readonly gapMaxMs: number | null;
  /** The same over the paths of the nodes that live: how precise the figures are. */
  readonly otherPathsGapMaxMs: number;
  readonly doubleServiceMoments: number;
  readonly wrongBanners: number;
  readonly probes: number;
  readonly probeIntervalMaxMs: number;
  readonly exclusion: string | null;
}

export interface Report {
  readonly ok: boolean;
  readonly metrics: Metrics | null;
  readonly failures: readonly string[];
}

interface Run {
  readonly cluster: DemoCluster;
  readonly prober: Prober;
  readonly startedAtMs: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

export async function failover(run: Run): Promise<Report> {
  const { cluster, prober, say, signal } = run;
  const { observed } = prober;
  const settled = await prober.until(() => observed.every(({ node }) => node !== null), settleDeadlineMs, signal);
  if (!settled) return { ok: false, metrics: null, failures: unserved(observed, 'after the start') };
  const settleMs = performance.now() - run.startedAtMs;
  say(`all ${String(observed.length)} paths are served after ${text(settleMs)}: ${shares(cluster, observed)}`);
  await pause(lookOnMs);
  const victim = busiest(cluster, observed);
  const orphans = observed.filter(({ node }) => node === victim.name);
  prober.reset();
  say(`kill -9 ${String(victim.process?.pid)}: ${victim.name} with ${String(orphans.length)} paths`);
  const killedAtMs = performance.now();
  victim.process?.kill();
  const moved = ({ node }: Observed): boolean => node !== null && node !== victim.name;
  const done = await prober.until(() => orphans.every(moved), failoverDeadlineMs, signal);
  await pause(lookOnMs);
  const metrics = await figures({ ...run, victim, orphans, killedAtMs, settleMs });
  return verdict(done ? [] : unserved(orphans, `after ${victim.name} died`), metrics, observed, orphans);
}

interface Ending extends Run {
  readonly victim: DemoNode;
  readonly orphans: readonly Observed[];
  readonly killedAtMs: number;
  readonly settleMs: number;
}

async function figures({ cluster, prober, victim, orphans, killedAtMs, settleMs }: Ending): Promise<Metrics> {
  const moves = orphans.flatMap(({ moves }) => moves.slice(0, 1));
  const servedMs = moves.map(({ atMs }) => atMs - killedAtMs).toSorted((a, b) => a - b);
  const gapsMs = moves.map(({ gapMs }) => gapMs).toSorted((a, b) => a - b);
  const others = prober.observed.filter((one) => !orphans.includes(one));
  const sum = (pick: (one: Observed) => number): number => prober.observed.reduce((all, one) => all + pick(one), 0);
  const { sessionsGoneAtMs } = victim;
  return {
    settleMs: Math.round(settleMs),
    killedNode: victim.name,
    pathsMoved: moves.length,
    sessionGoneMs: sessionsGoneAtMs === null ? null : Math.round(sessionsGoneAtMs - killedAtMs),
    firstPathServedMs: whole(servedMs[0]),
    lastPathServedMs: whole(servedMs.at(-1)),
    gapP50Ms: whole(gapsMs[Math.ceil(gapsMs.length / 2) - 1]),
    gapMaxMs: whole(gapsMs.at(-1)),
    otherPathsGapMaxMs: Math.round(Math.max(0, ...others.map(({ longestGapMs }) => longestGapMs))),
    doubleServiceMoments: sum(({ doubleAnswers }) => doubleAnswers),
    wrongBanners: sum(({ wrongBanners }) => wrongBanners),
    probes: sum(({ probes }) => probes),
    probeIntervalMaxMs: Math.round(Math.max(...prober.observed.map(({ longestIntervalMs }) => longestIntervalMs))),
    exclusion: await exclusionOf(cluster, victim),
  };
}

/** How the dead node was proven unable to write, as the others know it. */
async function exclusionOf(cluster: DemoCluster, victim: DemoNode): Promise<string | null> {
  const witness = cluster.nodes.find(({ process: running }) => running !== null);
  if (witness === undefined) return null;
  const summary = await cluster.clientOf(witness).cluster().catch(() => null);
  const proven = summary?.exclusions.find(({ node, state }) => node === victim.name && state === 'proven');
  return proven === undefined ? null : `${proven.method}: ${proven.evidence}`;
}

function verdict(
  missing: readonly string[],
  metrics: Metrics,
  observed: readonly Observed[],
  orphans: readonly Observed[],
): Report {
  const failures = [...missing];
  const { doubleServiceMoments, wrongBanners, killedNode } = metrics;
  if (orphans.length === 0) failures.push(`${killedNode} had no path`);
  if (doubleServiceMoments > 0) failures.push(`${String(doubleServiceMoments)} times two nodes served one path`);
  if (wrongBanners > 0) failures.push(`${String(wrongBanners)} answers were not those of the path`);
  for (const { portal, moves } of observed.filter((one) => one.moves.length > (orphans.includes(one) ? 1 : 0))) {
    const way = moves.map(({ from, to }) => `${from} to ${to}`).join(', then ');
    failures.push(`path ${portal.path} moved without need: ${way}`);
  }
  return { ok: failures.length === 0, metrics, failures };
}

const unserved = (observed: readonly Observed[], when: string): readonly string[] =>
  observed.filter(({ node }) => node === null).map(({ portal }) => `path ${portal.path} is not served ${when}`);

const countOf = (observed: readonly Observed[], { name }: DemoNode): number =>
  observed.filter(({ node }) => node === name).length;

function busiest({ nodes }: DemoCluster, observed: readonly Observed[]): DemoNode {
  return nodes.reduce((most, node) => (countOf(observed, node) > countOf(observed, most) ? node : most));
}

const shares = ({ nodes }: DemoCluster, observed: readonly Observed[]): string =>
  nodes.map((node) => `${node.name} ${String(countOf(observed, node))}`).join(', ');

const whole = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value));
const text = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
