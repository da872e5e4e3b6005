import { rm, writeFile } from 'node:fs/promises';
import { onTestFinished } from 'vitest';
import { run } from '../../src/cli/run.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { FakeAgent, token } from './fake-agent.ts';

export interface FakeTerminal extends Terminal {
  readonly out: string[];
  readonly errors: string[];
  readonly questions: string[];
  /** Called after each print, with everything printed so far. */
  onPrint: (out: readonly string[]) => void;
  readonly end: () => void;
  readonly pressQuit: () => void;
  keyboardGivenBack: boolean;
}

export function fakeTerminal(settings: { interactive?: boolean; yes?: boolean } = {}): FakeTerminal {
  const ended = new AbortController();
  const quit = new AbortController();
  const terminal: FakeTerminal = {
    env: {},
    interactive: settings.interactive ?? false,
    user: 'alice',
    ended: ended.signal,
    out: [],
    errors: [],
    questions: [],
    onPrint: () => undefined,
    keyboardGivenBack: false,
    end: () => {
      ended.abort();
    },
    pressQuit: () => {
      quit.abort();
    },
    print: (text) => {
      terminal.out.push(text);
      terminal.onPrint(terminal.out);
    },
    write: (text) => {
      terminal.out.push(text);
      return Promise.resolve();
    },
    printError: (text) => {
      terminal.errors.push(text);
    },
    confirm: (question) => {
      terminal.questions.push(question);
      return Promise.resolve(settings.yes === true);
    },
    quitKey: () => ({
      signal: quit.signal,
      done: () => {
        terminal.keyboardGivenBack = true;
      },
    }),
  };
  return terminal;
}

export interface Bench {
  readonly agent: FakeAgent;
  readonly url: string;
  readonly tokenFile: string;
  /** Runs one command line in this process, against the agent. */
  readonly pathwarden: (line: string, terminal?: FakeTerminal) => Promise<Ended>;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
  readonly terminal: FakeTerminal;
}

/** An agent and a command line that talks to it, for one test. */
export async function bench(): Promise<Bench> {
  const agent = new FakeAgent();
  const url = await agent.start();
  const tokenFile = `/tmp/pathwarden-test-token-${String(process.pid)}-${new URL(url).port}`;
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
  onTestFinished(async () => {
    await agent.stop();
    await rm(tokenFile, { force: true });
  });
  return {
    agent,
    url,
    tokenFile,
    pathwarden: async (line, given) => {
      const env = { PATHWARDEN_URL: url, PATHWARDEN_TOKEN_FILE: tokenFile };
      const terminal = given ?? fakeTerminal();
      const code = await run(words(line), { ...terminal, env });
      return { code, out: terminal.out.join('\n'), errors: terminal.errors.join('\n'), terminal };
    },
  };
}

/** Splits at spaces; double quotes hold words together. */
const words = (line: string): string[] => (line.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
