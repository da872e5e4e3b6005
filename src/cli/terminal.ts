// Everything that a command needs of the world around it, so that tests can stand in for it.
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Both ends are a person: questions may be asked, screens redrawn. */
  readonly interactive: boolean;
  /** Name of whoever runs the command. */
  readonly user: string;
  /** Fires when whoever runs the command wants it to end: ctrl-c, a stop signal, a closed pipe. */
  readonly ended: AbortSignal;
  print(text: string): void;
  printError(text: string): void;
  /** As it stands, without an end of line; resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** True only for a clear yes. */
  confirm(question: string): Promise<boolean>;
  /** Fires at `q` or ctrl-c; `done` gives the keyboard back. Only where `interactive`. */
  quitKey(): { signal: AbortSignal; done: () => void };
}

export function realTerminal(): Terminal {
  let ended: AbortSignal | undefined;
  return {
    env: process.env,
    interactive: process.stdin.isTTY && process.stdout.isTTY,
    user: process.env['SUDO_USER'] ?? userName(),
    // Only once asked for: the daemon has its own way with signals.
    get ended() {
      ended ??= endOfInterest();
      return ended;
    },
    print: (text) => process.stdout.write(`${text}\n`),
    printError: (text) => process.stderr.write(`${text}\n`),
    write,
    confirm,
    quitKey,
  };
}

async function write(text: string): Promise<void> {
  if (process.stdout.write(text)) return;
  // A reader that goes away (`| head`) is no error, and nobody drains then.
  await new Promise<void>((resolve) => void process.stdout.once('drain', resolve).once('close', resolve));
}

function endOfInterest(): AbortSignal {
  const ended = new AbortController();
  const end = (): void => {
    ended.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end);
  // A reader that goes away (`| head`) is no error.
  process.stdout.on('error', end);
  return ended.signal;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // The user id has no name in this system, as in some containers.
    return `uid-${String(process.getuid?.() ?? 'unknown')}`;
  }
}

async function confirm(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-c and ctrl-d close the line without an answer.
  const closed = new AbortController();
  lines.once('close', () => {
    closed.abort();
  });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal: closed.signal }).catch(() => 'no');
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

function quitKey(): { signal: AbortSignal; done: () => void } {
  const quit = new AbortController();
  const onKey = (key: Buffer): void => {
    if (['q', 'Q', '\u0003', '\u0004'].includes(key.toString())) quit.abort();
  };
  process.stdin.setRawMode(true).resume().on('data', onKey);
  const done = (): void => {
    process.stdin.off('data', onKey).setRawMode(false).pause();
  };
  return { signal: quit.signal, done };
}
