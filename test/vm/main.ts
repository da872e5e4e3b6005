// `npm run vm`: the kernel's own iSCSI target, in Debian's kernel, in a virtual machine that leaves the host as it is.
import { parseArgs } from 'node:util';
import { print } from '../lab/print.ts';
import { emptyReport, message, type Report } from '../lab/report.ts';
import { consulBinary } from '../lab/get-consul.ts';
import { tryCeph } from './ceph.ts';
import { type Kernel, kernel } from './get-kernel.ts';
import { judgeMachine } from './judge-machine.ts';
import { startMachine } from './machine.ts';
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

process.exit(await main());

async function main(): Promise<number> {
  if (options.help) return help();
  const report = emptyReport();
  const missing = missingRequirements();
  // A machine that cannot run is skipped; on CI nobody would notice, so there it fails.
  if (missing.length > 0 && (process.env['CI'] ?? '') === '') {
    print({ ...report, failures: missing }, options.json);
    return skippedExitCode;
  }
  if (missing.length > 0) add(report, 'machine', { failures: missing });
  else await attempt(report);
  report.metrics['tookSeconds'] = Math.round(performance.now() / 1000);
  print(report, options.json);
  return report.failures.length === 0 ? 0 : 1;
}

async function attempt(report: Report): Promise<void> {
  try {
    await run(report);
  } catch (error) {
    add(report, 'machine', { failures: [message(error)] });
  }
}

async function run(report: Report): Promise<void> {
  const wanted = (part: string): boolean => options.only === undefined || options.only === part;
  if (!parts.some(wanted)) throw new Error(`there is no part ${options.only}`);
  const debian = await kernel();
  // What has to be fetched is fetched here: the machines cannot.
  await consulBinary();
  await Promise.all(lanes.map(async ({ inside, afterwards }) => {
    if (inside.some(wanted)) await runInside(report, debian, inside.filter(wanted));
    for (const part of afterwards.filter(wanted)) await runWhole(report, debian, part);
  }));
  if (wanted(last)) await runWhole(report, debian, last);
}

function restMs(): number {
  return Math.round(limitMs - performance.now());
}

/** One machine, for what one kernel can show. */
async function runInside(report: Report, debian: Kernel, inside: readonly string[]): Promise<void> {
  const argv = [process.execPath, 'test/vm/inside.ts', inside.join(','), options.filter ?? ''];
  const workFolder = new URL('../..', import.meta.url).pathname;
  const machine = await startMachine({ kernel: debian, argv, workFolder, limitMs: restMs(), say });
  const ended = await machine.ended;
  const found = (ended.result ?? {}) as Readonly<Record<string, Findings>>;
  for (const part of inside) add(report, part, found[part] ?? { failures: ['no result was left'] });
  const whole: Found = { ...emptyReport(), passed: [] };
  judgeMachine(whole, inside.join(', '), ended);
  add(report, 'machine', whole);
}

async function runWhole(report: Report, debian: Kernel, part: Whole): Promise<void> {
  const found: Found = { ...emptyReport(), passed: [] };
  try {
    await wholes[part](found, { kernel: debian, limitMs: restMs(), say, filter: options.filter ?? '' });
  } catch (error) {
    found.failures.push(message(error));
  }
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
