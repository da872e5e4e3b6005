// `pathwarden demo`: a whole cluster on this machine, for people who look on or for a script that measures.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PathwardenError } from '../../errors.ts';
import { facts } from '../output.ts';
import type { Terminal } from '../terminal.ts';
import { type ClusterSettings, startCluster } from './cluster.ts';
import { failover, type Metrics, type Report } from './failover.ts';
import { lookOn } from './live.ts';
import { gossipDelayMs } from './nodes.ts';
import { startProber } from './prober.ts';

export interface DemoOptions {
  readonly nodes: number;
  readonly disks: number;
  readonly paths: number;
  readonly scenario?: 'failover';
  readonly json?: boolean;
  readonly keep?: boolean;
}

/** A node that was killed comes back after this time. */
export const returnAfterMs = 10_000;
// More paths than these times allow for are looked at less often, so that looking leaves the machine to the daemons.
const measureEveryMs = 15;
const lookEveryMs = 100;
const interrupted = 130;

/** Runs until the scenario is over or somebody ends it. Resolves to the exit code; leaves nothing behind. */
export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<number> {
  const signal = endOf(terminal);
  const directory = await mkdtemp(join(tmpdir(), 'pathwarden-demo-'));
  const settings = { nodes: options.nodes, disks: options.disks, paths: options.paths };
  const keep = options.keep === true;
  const run = options.scenario === undefined ? forPeople : unattended;
  try {
    return await run({ ...settings, directory, keep, signal }, options, terminal);
  } finally {
    if (keep) terminal.printError(`kept: ${directory}`);
  }
}

/** Ctrl-c may come twice, from a terminal and from npm: the second must not stop the clearing up. */
function endOf(terminal: Terminal): AbortSignal {
  const hungUp = new AbortController();
  process.once('SIGHUP', () => hungUp.abort());
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  return AbortSignal.any([terminal.ended, hungUp.signal]);
}

type Settings = Omit<ClusterSettings, 'returnAfterMs' | 'onNews'>;

async function forPeople(settings: Settings, _options: DemoOptions, terminal: Terminal): Promise<number> {
  const news: string[] = [];
  terminal.print(`starting ${String(settings.nodes)} nodes ...`);
  const cluster = await startCluster({ ...settings, returnAfterMs, onNews: (text) => news.push(text) });
  const prober = startProber(cluster.portals, Math.max(lookEveryMs, cluster.portals.length * 2));
  try {
    await lookOn({ cluster, prober, news, terminal, signal: settings.signal });
    return 0;
  } finally {
    prober.stop();
    await cluster.stop();
  }
}

async function unattended(settings: Settings, options: DemoOptions, terminal: Terminal): Promise<number> {
  if (settings.nodes < 2) throw new PathwardenError('USAGE_INVALID', 'A failover needs at least --nodes 2');
  const json = options.json === true;
  const startedAtMs = performance.now();
  // Whoever reads the JSON gets nothing else on stdout.
  const tell = (text: string): void => (json ? terminal.printError(text) : terminal.print(text));
  const elapsed = (): string => ((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(5);
  const say = (text: string): void => tell(`${elapsed()} s  ${text}`);
  say(`starting ${String(settings.nodes)} nodes; gossip delay ${String(gossipDelayMs)} ms`);
  const cluster = await startCluster({ ...settings, returnAfterMs: null, onNews: say });
  const prober = startProber(cluster.portals, Math.max(measureEveryMs, cluster.portals.length));
  try {
    const report = await failover({ cluster, prober, startedAtMs, signal: settings.signal, say });
    if (settings.signal.aborted) return interrupted;
    terminal.print(json ? JSON.stringify(report) : reportText(report));
    return report.ok ? 0 : 1;
  } finally {
    prober.stop();
    await cluster.stop();
  }
}

function reportText({ ok, metrics, failures }: Report): string {
  const lines = metrics === null ? [] : ['', figuresText(metrics)];
  return [...lines, '', ...failures.map((failure) => `failed: ${failure}`), ok ? 'ok' : 'not ok'].join('\n');
}

function figuresText(metrics: Metrics): string {
  const ms = (value: number | null): string => (value === null ? '-' : `${String(value)} ms`);
  return facts([
    ['all paths served after the start', ms(metrics.settleMs)],
    ['node killed', metrics.killedNode],
    ['paths moved', String(metrics.pathsMoved)],
    ['kill to session gone', ms(metrics.sessionGoneMs)],
    ['kill to first path served', ms(metrics.firstPathServedMs)],
    ['kill to last path served', ms(metrics.lastPathServedMs)],
    ['time without service, p50', ms(metrics.gapP50Ms)],
    ['time without service, longest', ms(metrics.gapMaxMs)],
    ['the same on paths of other nodes', ms(metrics.otherPathsGapMaxMs)],
    ['two nodes answered at once', String(metrics.doubleServiceMoments)],
    ['wrong answers', String(metrics.wrongBanners)],
    ['probes', `${String(metrics.probes)}, at most ${ms(metrics.probeIntervalMaxMs)} apart`],
    ['proof that the node is off', metrics.exclusion ?? '-'],
  ]);
}
