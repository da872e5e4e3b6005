// What somebody who looks on sees: nodes, who answers on each path, what happened, and what to try.
import { setTimeout as pause } from 'node:timers/promises';
import { duration, table } from '../output.ts';
import type { Terminal } from '../terminal.ts';
import type { DemoCluster } from './cluster.ts';
import type { DemoNode } from './nodes.ts';
import type { Observed, Prober } from './prober.ts';

interface Show {
  readonly cluster: DemoCluster;
  readonly prober: Prober;
  readonly news: string[];
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const settleDeadlineMs = 20_000;
const redrawEveryMs = 500;
const newsShown = 6;
const clearScreen = '\u001B[H\u001B[2J\u001B[3J';

/** Until somebody ends it. */
export async function lookOn(show: Show): Promise<void> {
  const { terminal, signal, prober } = show;
  const served = (): boolean => prober.observed.every(({ node }) => node !== null);
  if (await prober.until(served, settleDeadlineMs, signal)) show.news.push('all paths are served');
  const stopKeys = terminal.interactive ? startAtEnter(show.cluster) : () => undefined;
  if (!terminal.interactive) terminal.print(advice(show));
  let shown = '';
  let told = 0;
  let whole = served();
  let wholeAtMs = performance.now();
  while (!signal.aborted) {
    if (!whole && served()) show.news.push(againText(show, wholeAtMs));
    whole = served();
    if (whole) wholeAtMs = performance.now();
    const state = tables(show);
    const news = show.news.slice(told);
    if (terminal.interactive) terminal.print(`${clearScreen}${screen(show, state)}`);
    else if (state !== shown) terminal.print(['', ...news, state].join('\n'));
    else if (news.length > 0) terminal.print(['', ...news].join('\n'));
    shown = state;
    told = show.news.length;
    await pause(redrawEveryMs, undefined, { signal }).catch(() => undefined);
  }
  stopKeys();
  terminal.print('\nstopping');
}

function againText({ cluster, prober }: Show, wholeAtMs: number): string {
  const [last] = cluster.nodes.toSorted((a, b) => (b.diedAtMs ?? 0) - (a.diedAtMs ?? 0));
  const diedAtMs = last?.diedAtMs ?? 0;
  const movedAtMs = Math.max(...prober.observed.map(({ moves }) => moves.at(-1)?.atMs ?? 0));
  // Dead since before all paths were last seen served: that is not why some were not.
  const other = diedAtMs < wholeAtMs - redrawEveryMs || movedAtMs < diedAtMs;
  if (last === undefined || other) return 'all paths are served again';
  return `all paths are served again, ${((movedAtMs - diedAtMs) / 1000).toFixed(1)} s after ${last.name} died`;
}

/** Line by line, so that ctrl-c stays what it is. */
function startAtEnter({ nodes }: DemoCluster): () => void {
  const onLine = (): void => nodes.forEach(({ startNow }) => startNow?.());
  process.stdin.on('data', onLine);
  return () => {
    process.stdin.off('data', onLine).pause();
  };
}

const screen = (show: Show, state: string): string =>
  [state, '', ...show.news.slice(-newsShown), '', advice(show), '', 'Enter starts dead nodes at once'].join('\n');

function tables({ cluster, prober, terminal }: Show): string {
  const nodes = cluster.nodes.map((node) => nodeRow(node, prober.observed, terminal.interactive));
  const disks = [...new Set(cluster.portals.map(({ disk }) => disk))];
  const rows = disks.map((disk) => diskRow(disk, prober));
  const first = cluster.portals[0];
  return [
    table(['NODE', 'STATE', 'PID', 'PATHS', 'INSPECTOR'], nodes, 'no nodes'),
    '',
    table(['DISK', 'WHO ANSWERS ON PATH 1, 2, ...', 'ADDRESSES'], rows, 'no disks'),
    ...(first === undefined ? [] : [`port ${String(first.port)}; - nobody answers`]),
  ].join('\n');
}

function nodeRow(node: DemoNode, observed: readonly Observed[], counts: boolean): readonly string[] {
  const { name, process: running, starting } = node;
  const paths = observed.filter((one) => one.node === name).length;
  // A list of changes does not count seconds.
  const dead = node.diedAtMs === null || !counts ? 'dead' : `dead for ${duration(performance.now() - node.diedAtMs)}`;
  const state = starting ? 'starts' : running === null ? dead : 'runs';
  return [name, state, running === null ? '-' : String(running.pid), String(paths), running?.url ?? '-'];
}

function diskRow(disk: string, { observed }: Prober): readonly string[] {
  const mine = observed.filter(({ portal }) => portal.disk === disk);
  const ips = mine.map(({ portal }) => portal.ip);
  const range = ips.length > 1 ? `${ips[0] ?? ''} to ${ips.at(-1) ?? ''}` : (ips[0] ?? '');
  return [disk, mine.map(({ node }) => node ?? '-').join(' '), range];
}

function advice({ cluster, prober }: Show): string {
  const running = cluster.nodes.filter(({ process: one }) => one !== null);
  const first = running[0];
  const last = running.at(-1);
  const { portal } = prober.observed[0] ?? {};
  if (first?.process === undefined || first.process === null || last === undefined) return 'no node runs: wait';
  const token = `${cluster.directory}/${first.name}/operator-token`;
  const program = import.meta.url.endsWith('.ts') ? 'npm run -s pathwarden --' : 'pathwarden';
  const path = portal?.path ?? '00001/1';
  return [
    `open ${first.process.url}/`,
    'kill a node (it comes back after 10 s):',
    ...running.map(({ name, process: one }) => `  kill -9 ${String(one?.pid)}    # ${name}`),
    'other things to try, in another terminal:',
    `  export PATHWARDEN_URL=${first.process.url} PATHWARDEN_TOKEN_FILE=${token}`,
    `  ${program} path list --watch`,
    `  ${program} path explain ${path}`,
    `  ${program} path release ${path} --reason "trying it out"`,
    `  ${program} node drain ${last.name} --reason "trying it out"    # and undrain`,
    'ctrl-c ends it and leaves nothing behind',
  ].join('\n');
}
