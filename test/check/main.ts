// `npm run check`: everything that must hold before a change lands, in one place. CI runs exactly this.
// `npm run check -- lint tests` runs only these steps.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Counts, countsOfCrashes, countsOfExit, countsOfLab, countsOfMachines, countsOfVitest, sumOf,
} from './counts.ts';
import { isCi } from '../left-out.ts';

interface Ended {
  /** Null: ended by a signal, its deadline for example. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Step {
  readonly name: string;
  readonly argv: readonly string[];
  readonly deadlineMinutes: number;
  /** What its own report says; by default one check that passed when the exit code is 0. */
  readonly count?: (ended: Ended) => Counts | Promise<Counts>;
  /** Why it cannot run here; null when it can. */
  readonly skipped?: string | null;
}

const pipePatienceMs = 5_000;
const isRoot = process.getuid?.() === 0;
const folder = await mkdtemp(join(tmpdir(), 'pathwarden-check-'));
const vitestReport = join(folder, 'vitest.json');
const pathwarden = ['node', 'dist/src/cli/pathwarden.js'];

const steps: readonly Step[] = [
  { name: 'types', argv: ['tsc', '--noEmit'], deadlineMinutes: 5 },
  { name: 'lint', argv: ['oxlint', '--type-aware', '--deny-warnings'], deadlineMinutes: 5 },
  { name: 'deadcode', argv: ['knip'], deadlineMinutes: 5 },
  { name: 'docs', argv: ['node', 'docs/generate.ts', '--check'], deadlineMinutes: 2 },
  { name: 'build', argv: ['npm', 'run', 'build'], deadlineMinutes: 5 },
  { name: 'dist', argv: [...pathwarden, 'version'], deadlineMinutes: 1 },
  {
    name: 'tests',
    argv: [
      'vitest', 'run', '--config', 'test/vitest.config.ts',
      '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`,
    ],
    deadlineMinutes: 15,
    count: async ({ code }) => countsOfVitest(await readFile(vitestReport, 'utf8').catch(() => ''), code),
  },
  {
    name: 'demo',
    argv: ['node', 'src/cli/pathwarden.ts', 'demo', '--scenario', 'failover', '--json'],
    deadlineMinutes: 3,
  },
  { name: 'sim', argv: ['node', 'test/sim/main.ts', '--json'], deadlineMinutes: 10 },
  {
    name: 'crash',
    argv: ['node', 'test/crash/main.ts', '--json'],
    deadlineMinutes: 15,
    count: ({ code, stderr }) => countsOfCrashes(stderr, code),
  },
  {
    name: 'lab',
    argv: ['node', 'test/lab/main.ts', '--json'],
    deadlineMinutes: 20,
    count: ({ code, stderr }) => countsOfLab(stderr, code),
    skipped: isRoot || isCi ? null : 'it needs root',
  },
  {
    name: 'faults',
    argv: ['node', 'test/lab/main.ts', '--faults', '--quick', '--json'],
    deadlineMinutes: 20,
    count: ({ code, stderr }) => countsOfLab(stderr, code),
    skipped: isRoot || isCi ? null : 'it needs root',
  },
  {
    name: 'ceph',
    argv: ['node', 'test/lab/main.ts', '--ceph', '--json'],
    deadlineMinutes: 15,
    count: ({ code, stderr }) => countsOfLab(stderr, code),
    skipped: isRoot || isCi ? null : 'it needs root',
  },
  {
    name: 'vm',
    argv: ['node', 'test/vm/main.ts', '--json'],
    deadlineMinutes: 15,
    count: ({ code, stderr }) => countsOfMachines(stderr, code),
    skipped: isRoot || isCi ? null : 'it needs root',
  },
];

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => steps.every((step) => step.name !== name));
const counts: Counts[] = [{ passed: 0, failed: unknown.map((name) => `there is no step ${name}`), skipped: [] }];
for (const step of steps) if (chosen.length === 0 || chosen.includes(step.name)) counts.push(await checked(step));
await rm(folder, { recursive: true, force: true });
conclude(sumOf(counts));

async function checked(step: Step): Promise<Counts> {
  console.log(`\n── ${step.name}`);
  if (typeof step.skipped === 'string') {
    console.log(`skipped: ${step.skipped}`);
    return { passed: 0, failed: [], skipped: [step.name] };
  }
  const ended = await run(step);
  const counted = await (step.count ?? (({ code }) => countsOfExit(step.name, code)))(ended);
  return { ...counted, failed: counted.failed.map((what) => (what === step.name ? what : `${step.name}: ${what}`)) };
}

function run({ argv: [program = '', ...rest], deadlineMinutes }: Step): Promise<Ended> {
  return new Promise((resolve) => {
    const timeout = deadlineMinutes * 60_000;
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], timeout });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        process[name].write(text);
      });
    }
    child.once('error', (error) => resolve({ code: 1, ...output, stderr: error.message }));
    child.once('exit', (code) => {
      const end = (): void => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, ...output });
      };
      // Whatever a step left running may hold its pipes for ever.
      const patience = setTimeout(end, pipePatienceMs);
      child.once('close', () => {
        clearTimeout(patience);
        end();
      });
    });
  });
}

/** On CI something that was left out is something that failed: nobody would notice otherwise. */
function conclude({ passed, failed, skipped }: Counts): void {
  const missing = isCi ? skipped.map((name) => `left out: ${name}`) : [];
  if (skipped.length > 0 && !isCi) console.log(`\nleft out: ${skipped.join(', ')}`);
  const all = [...failed, ...missing];
  if (all.length > 0) console.log(`\n${all.map((name) => `✗ ${name}`).join('\n')}`);
  console.log(`\n${String(passed)} passed, ${String(all.length)} failed`);
  process.exitCode = all.length === 0 ? 0 : 1;
}
