// One node as a real process, with its journal in a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Client } from '../../../src/cli/client.ts';
import { nodeConfig, type NodePlace } from '../../../src/cli/demo/node-config.ts';
import type { ActorView } from '../../../src/ports/inspector.ts';
import { sentenceVariable, type Sentence } from './daemon.ts';

const program = new URL('../../../src/cli/pathwarden.ts', import.meta.url).pathname;
const hook = new URL('./hook.ts', import.meta.url).pathname;
const leash = new URL('../../../src/cli/demo/leash.ts', import.meta.url).pathname;
const answerMs = 5_000;

export class RealNode {
  readonly name: string;
  readonly journal: string;
  readonly client: Client;
  readonly #directory: string;
  readonly #place: NodePlace;
  readonly #port: number;
  #child: ChildProcess | null = null;
  #ended: Promise<string> = Promise.resolve('not started');

  constructor(place: NodePlace, port: number) {
    this.name = place.name;
    this.#place = place;
    this.#port = port;
    this.#directory = `${place.root}/${place.name}`;
    this.journal = `${this.#directory}/journal.sqlite`;
    this.client = createClient({ url: this.url, tokenFile: `${this.#directory}/operator-token`, deadlineMs: answerMs });
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** Settles with how the process ended: `SIGKILL`, `exit code 2`. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  async start(sentence: Sentence | null = null): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const config = `${this.#directory}/pathwarden.yaml`;
    // Announcing for seconds would only keep every run waiting.
    writeFileSync(config, `${nodeConfig(this.#place, this.#port)}announceAtMs: [0, 50]\n`);
    const log = openSync(`${this.#directory}/pathwarden.log`, 'a');
    const env = { ...process.env, [sentenceVariable]: JSON.stringify(sentence) };
    const argv = ['--import', leash, '--import', hook, program, 'agent', '--config', config];
    const child = spawn(process.execPath, argv, { stdio: ['pipe', log, log, 'ipc'], env });
    closeSync(log);
    child.stdin?.on('error', () => undefined);
    this.#child = child;
    this.#ended = once(child, 'exit').then(([code, signal]) => String(signal ?? `exit code ${String(code)}`));
  }

  /** From now on the daemon dies when it gets there. */
  async sentence(sentence: Sentence): Promise<void> {
    const child = this.#child;
    if (child === null) throw new Error(`${this.name} does not run`);
    const armed = once(child, 'message');
    child.send(sentence);
    await armed;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  async isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(answerMs) }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.ok === true;
  }

  async actors(): Promise<readonly ActorView[]> {
    const answer = await fetch(`${this.url}/v1/actors`, { signal: AbortSignal.timeout(answerMs) });
    return (await answer.json()) as readonly ActorView[];
  }
}

/** Asks again until it holds; false after `withinMs`. */
export async function holds(check: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    if (await check().catch(() => false)) return true;
    await pause(25);
  }
  return false;
}
