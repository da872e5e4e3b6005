// The tests inside a virtual machine, with what they measured.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { barLeast, type Report } from '../lab/report.ts';

export interface Found extends Report {
  readonly passed: string[];
}

interface Choice {
  readonly config: string;
  /** Only files with this word in their name. */
  readonly filter: string;
  /** Tests with other names are for the host. */
  readonly names: RegExp;
  /** Their number that passed, by this name. */
  readonly figure: string;
  readonly env?: NodeJS.ProcessEnv;
}

interface Results {
  readonly numPassedTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  readonly name: string;
  readonly message?: string;
  readonly assertionResults: readonly { status: string; fullName: string; failureMessages?: readonly string[] }[];
}

const report = '/run/out/tests.json';
const metrics = '/run/out/test-metrics';

export async function runVitest(into: Found, { config, filter, env = {}, ...how }: Choice): Promise<void> {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', config, filter];
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`];
  // Not the terminal of this process: it would be drawn anew many times a second.
  const child = spawn(process.execPath, [...vitest, ...reporters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, PATHWARDEN_VM_METRICS: metrics, NO_COLOR: '1' },
  });
  for (const stream of [child.stdout, child.stderr]) stream.pipe(process.stdout, { end: false });
  const [code] = (await once(child, 'close')) as [number | null];
  judgeRun(into, JSON.parse(readFileSync(report, 'utf8')) as Results, how, code);
  const told = existsSync(metrics) ? readFileSync(metrics, 'utf8').trim().split('\n') : [];
  for (const [name = '', value] of told.map((line) => line.split(' '))) into.metrics[name] = Number(value);
}

type Judged = Pick<Choice, 'names' | 'figure'>;

/** What goes wrong outside of any test is known by the exit code alone. */
export function judgeRun(into: Found, results: Results, how: Judged, code: number | null): void {
  const before = into.failures.length;
  for (const file of results.testResults) judge(into, file, how.names);
  barLeast(into, how.figure, results.numPassedTests, 1);
  const isUnexplained = code !== 0 && into.failures.length === before;
  if (isUnexplained) into.failures.push(`vitest ended with ${String(code)}, and no test failed`);
}

/** What was left out in here is tried nowhere. */
function judge(into: Found, { assertionResults, message: why, name }: TestFile, names: RegExp): void {
  const ours = assertionResults.filter(({ fullName }) => names.test(fullName));
  const failures: string[] = [];
  for (const { failureMessages, fullName, status } of ours) {
    if (status === 'passed') into.passed.push(fullName);
    else failures.push(`${fullName}: ${status === 'failed' ? (failureMessages?.[0] ?? '') : 'left out'}`);
  }
  if (failures.length === 0 && why !== undefined && why !== '') failures.push(`${name}: ${why}`);
  into.failures.push(...failures);
}
