// One logged-in initiator: a qemu-io process with an iSCSI disk open, driven by commands through its pipes.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

const prompt = 'qemu-io> ';

/** `timeout`: no answer in time, so the command may or may not have happened. */
export type Answer =
  | { readonly kind: 'done'; readonly output: string }
  | { readonly kind: 'failed'; readonly output: string }
  | { readonly kind: 'timeout' };

export class QemuIo {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #output = '';
  #settle: ((answer: Answer) => void) | undefined;
  #ended = false;

  private constructor(url: string, inside: readonly string[]) {
    const [program, ...args] = [...inside, 'qemu-io', '-f', 'raw', url];
    this.#child = spawn(program ?? 'qemu-io', args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdout.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stderr.on('data', (chunk: Buffer) => this.#read(chunk));
    this.#child.stdin.on('error', () => this.#end());
    this.#child.on('error', () => this.#end());
    this.#child.on('close', () => this.#end());
  }

  /**
   * Logs in to the disk at the URL; undefined when that fails or takes longer than the deadline. `inside`: argv that
   * runs a program on the host where the initiator is, if that is not the one of this process.
   */
  static async login(url: string, deadlineMs: number, inside: readonly string[] = []): Promise<QemuIo | undefined> {
    const session = new QemuIo(url, inside);
    const answer = await session.#wait(deadlineMs);
    if (answer.kind === 'done' && !session.#ended) return session;
    session.kill();
    return undefined;
  }

  get usable(): boolean {
    return !this.#ended;
  }

  /** One command at a time. Bytes of a read come back as qemu-io's hex dump. */
  async command(text: string, deadlineMs: number): Promise<Answer> {
    if (this.#ended) return { kind: 'failed', output: 'the initiator has ended' };
    const answer = this.#wait(deadlineMs);
    this.#child.stdin.write(`${text}\n`);
    return answer;
  }

  /** Nothing that was given to it reaches the disk any more, except what is already on the wire. */
  kill(): void {
    this.#child.kill('SIGKILL');
    this.#end();
  }

  #wait(deadlineMs: number): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => this.#answer({ kind: 'timeout' }), deadlineMs);
    this.#output = '';
    this.#settle = (answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    return promise;
  }

  #read(chunk: Buffer): void {
    this.#output += chunk.toString('latin1');
    if (!this.#output.endsWith(prompt)) return;
    const output = this.#output.slice(0, -prompt.length);
    this.#answer(/failed|error|can't/i.test(output) ? { kind: 'failed', output } : { kind: 'done', output });
  }

  #answer(answer: Answer): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }

  #end(): void {
    this.#ended = true;
    this.#answer({ kind: 'failed', output: this.#output || 'the initiator has ended' });
  }
}

/** The bytes of a `read -v` hex dump: `00001000:  65 12 …  e.…`. */
export function bytesOfDump(output: string): Buffer {
  const rows: Buffer[] = [];
  for (const line of output.split('\n')) {
    const hex = /^[0-9a-f]{8,}: {2}((?:[0-9a-f]{2} ){1,16})/.exec(line)?.[1];
    if (hex !== undefined) rows.push(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }
  return Buffer.concat(rows);
}
