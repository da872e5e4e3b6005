// `npm run vm`: the kernel's own iSCSI target, in Debian's kernel, in a virtual machine that leaves the host as it is.
import { parseArgs } from 'node:util';
import { isCi } from '../left-out.ts';
import { print } from '../lab/print.ts';
import { emptyReport, message, type Report } from '../lab/report.ts';
import { consulBinary } from '../lab/get-consul.ts';
import { tryCeph } from './ceph.ts';
import { type Kernel, kernel } from './get-kernel.ts';
import { judgeMachine } from './judge-machine.ts';
import { type Run, startMachine } from './machine.ts';
import { missingRequirements } from './requirements.ts';
import type { Found } from './run-vitest.ts';
import { tryTakeover } from './takeover.ts';
import { type Findings, lineOf, verdictsOf } from './verdicts.ts';

const skippedExitCode = 77;
/** For all of it: on a host that is busy with other things, too. */
const limitMs = 840_000;
/** More than one machine, or more than a machine. */
const wholes = { ceph: tryCeph, takeover: tryTakeover } as const;
type Whole = keyof typeof wholes;
/** Side by side. What is `inside` shares one machine, which keeps one processor busy. */
const lanes: readonly { readonly inside: readonly string[]; readonly afterwards: readonly Whole[] }[] = [
  { inside: ['tests'], afterwards: ['ceph'] },
  { inside: ['targetcli', 'multipath', 'curve'], afterwards: [] },
];
/** Alone, when both lanes have ended: three machines, whose time counts. */
const last: Whole = 'takeover';
const parts = [...lanes.flatMap(({ inside, afterwards }) => [...inside, ...afterwards]), last];

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    filter: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

/** Progress is for people; with --json stdout carries nothing but the one object. */
const say = (text: string): void => console.error(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}`);

const interruption = new AbortController();

process.exit(await main());

async function main(): Promise<number> {
  if (options.help) return help();
  const report = emptyReport();
  const missing = missingRequirements();
  // A machine that cannot run is skipped; on CI nobody would notice, so there it fails.
  if (missing.length > 0 && !isCi) {
    print({ ...report, failures: missing }, options.json);
    return skippedExitCode;
  }
  if (missing.length > 0) add(report, 'machine', { failures: missing });
  else await attempt(report);
  report.metrics['tookSeconds'] = Math.round(performance.now() / 1000);
  print(report, options.json);
  return report.failures.length === 0 ? 0 : 1;
}

/** Interrupted, the machines end, nothing more is started, and what was made on this host is removed. */
async function attempt(report: Report): Promise<void> {
  const interrupt = (signal: NodeJS.Signals): void => interruption.abort(new Error(`interrupted by ${signal}`));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  try {
    await run(report);
  } catch (error) {
    add(report, 'machine', { failures: [message(error)] });
  }
}

async function run(report: Report): Promise<void> {
  const isWanted = (part: string): boolean => options.only === undefined || options.only === part;
  const isDue = (part: string): boolean => isWanted(part) && !interruption.signal.aborted;
  if (!parts.some(isWanted)) throw new Error(`there is no part ${options.only}`);
  const debian = await kernel();
  // What has to be fetched is fetched here: the machines cannot.
  await consulBinary();
  await Promise.all(lanes.map(async ({ inside, afterwards }) => {
    if (inside.some(isDue)) await runInside(report, debian, inside.filter(isDue));
    for (const part of afterwards) if (isDue(part)) await runWhole(report, debian, part);
  }));
  if (isDue(last)) await runWhole(report, debian, last);
  interruption.signal.throwIfAborted();
}

function runOf(debian: Kernel): Run {
  const restMs = Math.round(limitMs - performance.now());
  return { kernel: debian, limitMs: restMs, say, interrupted: interruption.signal };
}

/** One machine, for what one kernel can show. */
async function runInside(report: Report, debian: Kernel, inside: readonly string[]): Promise<void> {
  const argv = [process.execPath, 'test/vm/inside.ts', inside.join(','), options.filter ?? ''];
  const workFolder = new URL('../..', import.meta.url).pathname;
  await tried(report, 'machine', async (found) => {
    const machine = await startMachine({ ...runOf(debian), argv, workFolder });
    const ended = await machine.ended;
    const results = (ended.result ?? {}) as Readonly<Record<string, Findings>>;
    for (const part of inside) add(report, part, results[part] ?? { failures: ['no result was left'] });
    judgeMachine(found, inside.join(', '), ended);
  });
}

async function runWhole(report: Report, debian: Kernel, part: Whole): Promise<void> {
  const filter = options.filter ?? '';
  await tried(report, part, (found) => wholes[part](found, { ...runOf(debian), filter }));
}

/** An error is a failure of what was tried: what runs beside it goes on, and is cleared away. */
async function tried(report: Report, part: string, work: (found: Found) => Promise<void>): Promise<void> {
  const found: Found = { ...emptyReport(), passed: [] };
  await work(found).catch((error: unknown) => found.failures.push(message(error)));
  add(report, part, found);
}

/** Tells each verdict as it is known. */
function add(report: Report, part: string, findings: Partial<Findings>): void {
  const whole = { metrics: {}, failures: [], passed: [], ...findings };
  Object.assign(report.metrics, whole.metrics);
  for (const verdict of verdictsOf(part, whole, options.filter !== undefined)) {
    console.error(lineOf(part, verdict));
    if (!verdict.holds) report.failures.push(`${part}: ${verdict.what}`);
  }
}

function help(): number {
  console.log(`npm run vm -- [--json] [--only ${parts.join('|')}]`);
  console.log('npm run vm -- --only tests --filter vlan\n');
  console.log('Boots Debian’s kernel in QEMU with the files of this host, and tries the LIO data plane in it.');
  console.log('Exit codes: 0 ok, 1 failures, 77 cannot run here.');
  return 0;
}
