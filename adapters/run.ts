// The only way pathwarden runs a program: argv in, result out. Never a shell.
import { type ChildProcess, fork } from 'node:child_process';
import { execa } from 'execa';
import { type CallOptions, refused, type Refused, unknown, type Unknown } from '../src/ports/outcome.ts';
import { packageOf } from '../src/ports/packages.ts';

export interface RunOptions extends CallOptions {
  /** Texts that must not show in anything that is returned or recorded. */
  readonly secrets?: readonly string[];
  /** The arguments may hold what must not be read by everybody: of the command, only the program is named. */
  readonly hidesArguments?: boolean;
  /** What the program reads on its standard input. */
  readonly input?: string;
  /** The same for what is no text. */
  readonly inputBytes?: readonly number[];
  /** Sends SIGINT after this many milliseconds: for programs that report when interrupted. */
  readonly interruptAfterMs?: number;
}

interface RunFacts {
  /** The argv as text, secrets removed. */
  readonly command: string;
  readonly durationMs: number;
}

export type RunResult =
  | (RunFacts & { readonly kind: 'exited'; readonly code: number; readonly stdout: string; readonly stderr: string })
  | (RunFacts & { readonly kind: 'missing'; readonly program: string })
  | (RunFacts & { readonly kind: 'unknown'; readonly reason: string });

export type Run = (argv: readonly string[], options: RunOptions) => Promise<RunResult>;

/** One line for the log: what ran, how it ended, how long it took. `code` is null when it did not exit by itself. */
export interface RunRecord extends RunFacts {
  readonly result: RunResult['kind'];
  readonly code: number | null;
}

export interface RunnerSettings {
  /** Put before every argv, for example `ip netns exec NAME`. */
  readonly prefixArgv?: readonly string[];
  readonly record?: (record: RunRecord) => void;
  /** Who runs it. By default this process does. */
  readonly execute?: Run;
}

/** Where programs are looked for, whatever the daemon was started with. */
export const programFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'] as const;
const environment = { PATH: programFolders.join(':'), LC_ALL: 'C' };
const outputCharactersMax = 16 * 1024 * 1024;
const killDelayMs = 200;
const reasonCharactersMax = 300;

/** The call ends at its deadline even when the child cannot be killed: it is left behind, the result is unknown. */
export function createRunner(settings: RunnerSettings = {}): Run {
  return async (argv, options) => {
    const started = performance.now();
    const hide = redactor(options.secrets ?? []);
    const facts = (): RunFacts => ({
      command: options.hidesArguments === true ? (argv[0] ?? '') : hide(argv.join(' ')),
      durationMs: Math.round(performance.now() - started),
    });
    const whole = [...(settings.prefixArgv ?? []), ...argv];
    const ended = await (settings.execute?.(whole, options) ?? execute(whole, options, facts));
    const result = hideIn({ ...ended, ...facts() }, hide);
    settings.record?.({
      command: result.command,
      durationMs: result.durationMs,
      result: result.kind,
      code: result.kind === 'exited' ? result.code : null,
    });
    return result;
  };
}

/** A small Node program that is spoken to by messages, keeps nothing alive, and sees it when this process is gone. */
export function startCompanion(program: string): ChildProcess {
  const execArgv = ['--max-semi-space-size=1', '--max-old-space-size=128', '--optimize-for-size'];
  const child = fork(program, [], { env: environment, execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.unref();
  child.channel?.unref();
  return child;
}

/** What a command that did not do its work means to a port: `refused` when it said so itself, else `unknown`. */
export function failure(result: RunResult): Refused | Unknown {
  if (result.kind === 'unknown') return unknown(describe(result));
  return result.kind === 'missing' ? refused(describe(result), 'missing') : refused(describe(result));
}

/** The command, how it ended and how long it took, in one clause. */
export function describe(result: RunResult): string {
  const time = `after ${result.durationMs} ms`;
  if (result.kind === 'missing') return `${result.program} is not installed${hint(result.program)}`;
  if (result.kind === 'unknown') return `${result.command}: ${result.reason} ${time}`;
  const said = (result.stderr.trim() || result.stdout.trim()).replaceAll(/\s+/g, ' ').slice(0, reasonCharactersMax);
  return `${result.command}: exit code ${result.code} ${time}${said === '' ? '' : `: ${said}`}`;
}

/** Shares one deadline between the commands of a verb: each call gives what is left. */
export function shareDeadline(options: CallOptions): () => CallOptions {
  const ends = performance.now() + options.deadlineMs;
  return () => {
    const deadlineMs = Math.max(0, ends - performance.now());
    return options.signal === undefined ? { deadlineMs } : { deadlineMs, signal: options.signal };
  };
}

type Facts = () => RunFacts;

async function execute(argv: readonly string[], options: RunOptions, facts: Facts): Promise<RunResult> {
  const [program, ...rest] = argv;
  if (program === undefined) return { kind: 'unknown', reason: 'nothing to run', ...facts() };
  if (options.signal?.aborted === true) return { kind: 'unknown', reason: 'called off before it started', ...facts() };
  if (options.deadlineMs <= 0) return { kind: 'unknown', reason: 'no time was left to start it', ...facts() };
  return firstOf(start(program, rest, inputOf(options)), options, facts);
}

const inputOf = ({ input, inputBytes }: RunOptions): string | Uint8Array | undefined =>
  inputBytes === undefined ? input : Uint8Array.from(inputBytes);

// Without execa's own clean-up: it answers SIGTERM by ending this process, which must first finish what it is doing.
const start = (program: string, rest: readonly string[], input: string | Uint8Array | undefined) =>
  execa(program, rest, {
    env: environment,
    extendEnv: false,
    reject: false,
    maxBuffer: outputCharactersMax,
    forceKillAfterDelay: killDelayMs,
    cleanup: false,
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
  });

type Child = ReturnType<typeof start>;

async function firstOf(child: Child, options: RunOptions, facts: Facts): Promise<RunResult> {
  const { promise, resolve } = Promise.withResolvers<RunResult>();
  const giveUp = (reason: string): void => {
    resolve({ kind: 'unknown', reason, ...facts() });
    child.kill('SIGTERM');
  };
  const deadline = setTimeout(() => giveUp('no answer before its deadline'), options.deadlineMs);
  const { interruptAfterMs } = options;
  const interrupt =
    interruptAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGINT'), interruptAfterMs);
  const calledOff = (): void => giveUp('called off');
  options.signal?.addEventListener('abort', calledOff, { once: true });
  void ending(child, facts).then(resolve);
  const result = await promise;
  clearTimeout(deadline);
  clearTimeout(interrupt);
  options.signal?.removeEventListener('abort', calledOff);
  return result;
}

async function ending(child: Child, facts: Facts): Promise<RunResult> {
  const ended = await child;
  const missing = missingProgram(ended);
  if (missing !== undefined) return { kind: 'missing', program: missing, ...facts() };
  if (ended.isMaxBuffer) return { kind: 'unknown', reason: 'wrote too much output', ...facts() };
  if (ended.exitCode !== undefined) {
    return { kind: 'exited', code: ended.exitCode, stdout: ended.stdout, stderr: ended.stderr, ...facts() };
  }
  const why = ended.signal === undefined ? `could not be started (${ended.code ?? 'no reason given'})` : ended.signal;
  return { kind: 'unknown', reason: ended.signal === undefined ? why : `ended by ${why}`, ...facts() };
}

// `ip netns exec` and `env` as a prefix find out themselves that the program is missing.
function missingProgram(ended: Awaited<Child>): string | undefined {
  if (ended.code === 'ENOENT') return ended.command.split(' ')[0];
  return /^exec of "([^"]+)" failed: No such file or directory/.exec(ended.stderr ?? '')?.[1];
}

function hint(program: string): string {
  const name = packageOf(program);
  return name === undefined ? ' or not on the PATH' : ` (Debian package ${name})`;
}

/** Programs quote what they were given as it is, or in the quotes of their language, or in a URL. */
function redactor(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const hidden = [...new Set(forms)].filter((form) => form !== '').toSorted((a, b) => b.length - a.length);
  return (text) => hidden.reduce((left, form) => left.replaceAll(form, '***'), text);
}

function hideIn(result: RunResult, hide: (text: string) => string): RunResult {
  if (result.kind === 'exited') return { ...result, stdout: hide(result.stdout), stderr: hide(result.stderr) };
  return result.kind === 'unknown' ? { ...result, reason: hide(result.reason) } : result;
}
