// One path's initiator: writes numbered blocks at a steady rate, reads blocks back, logs in again when it must.
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { blockBytes, encodeBlock, judgeSlot, offsetOf, slots } from './block.ts';
import { now, sleep } from './clock.ts';
import { run } from './processes.ts';
import { bytesOfDump, QemuIo } from './qemu-io.ts';

export interface WriterPath {
  readonly name: string;
  readonly disk: string;
  readonly ip: string;
  readonly port: number;
  readonly iqn: string;
  /** Number of the path in the lab, from 1: the tag in its blocks. */
  readonly tag: number;
  /** Number of the path in its disk, from 0: where its region is. */
  readonly region: number;
}

/** One write. Times are monotonic milliseconds; `errors` counts answers that said no. */
export interface WriteRecord {
  readonly sequence: number;
  readonly issuedAt: number;
  acknowledgedAt: number | null;
  attempts: number;
  errors: number;
}

// Longer than the bar of a delayed write, so that a slow answer is still seen as slow and not as none.
export const answerDeadlineMs = 400;
const loginDeadlineMs = 2000;
const probeDeadlineMs = 100;
const probeEveryMs = 40;

export class Writer {
  readonly records: WriteRecord[] = [];
  readonly misreads: string[] = [];
  reads = 0;
  logins = 0;
  acknowledged = 0;
  #session: QemuIo | undefined;
  #stopping = false;
  readonly #reads: { readonly of: Writer; readonly sequence: number }[] = [];
  readonly path: WriterPath;
  readonly #everyMs: number;
  readonly #payload: string;

  constructor(path: WriterPath, everyMs: number, folder: string) {
    this.path = path;
    this.#everyMs = everyMs;
    this.#payload = `${folder}/payload-${path.tag}`;
  }

  get issued(): number {
    return this.records.length;
  }

  /** Writes until stopped. `onAcknowledged` hears of every write that the disk has promised to keep. */
  async run(onAcknowledged: (sequence: number) => void): Promise<void> {
    let due = now() + (this.path.tag * this.#everyMs) / 12;
    while (!this.#stopping) {
      await sleep(Math.max(0, due - now()));
      await this.#write(onAcknowledged);
      const check = this.#reads.shift();
      if (check !== undefined) await this.#readBack(check.of, check.sequence);
      due = Math.max(due + this.#everyMs, now());
    }
    await this.#drop();
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Reads the block of a write, of this path or of a sibling, through this path, when there is time. */
  queueRead(of: Writer, sequence: number): void {
    if (this.#reads.length < 4) this.#reads.push({ of, sequence });
  }

  /** Reads a whole region through this path and judges every slot. Undefined when the path cannot be read. */
  async verify(of: Writer): Promise<string[] | undefined> {
    const problems: string[] = [];
    for (let slot = 0; slot < slots; slot += 1) {
      const block = await this.#read(offsetOf(of.path.region, slot));
      if (block === undefined) return undefined;
      const problem = judgeSlot(block, of.path.tag, slot, of.acknowledged, of.issued);
      if (problem !== null) problems.push(`path ${of.path.name} read through ${this.path.name}: ${problem}`);
    }
    await this.#drop();
    return problems;
  }

  async #write(onAcknowledged: (sequence: number) => void): Promise<void> {
    const sequence = this.records.length + 1;
    writeFileSync(this.#payload, encodeBlock(this.path.tag, sequence));
    const record: WriteRecord = { sequence, issuedAt: now(), acknowledgedAt: null, attempts: 0, errors: 0 };
    this.records.push(record);
    const command = `write -f -s ${this.#payload} ${offsetOf(this.path.region, sequence)} ${blockBytes}`;
    while (!this.#stopping) {
      const session = await this.#login();
      if (session === undefined) continue;
      record.attempts += 1;
      const answer = await session.command(command, answerDeadlineMs);
      if (answer.kind === 'done' && answer.output.includes(`wrote ${blockBytes}/${blockBytes}`)) {
        record.acknowledgedAt = now();
        this.acknowledged = sequence;
        return onAcknowledged(sequence);
      }
      if (answer.kind !== 'timeout') record.errors += 1;
      await this.#drop();
    }
  }

  async #readBack(of: Writer, sequence: number): Promise<void> {
    const block = await this.#read(offsetOf(of.path.region, sequence));
    // The slot was handed to a newer write meanwhile: what was read may be torn between the two, which proves nothing.
    if (block === undefined || of.issued >= sequence + slots) return;
    this.reads += 1;
    const problem = judgeSlot(block, of.path.tag, sequence % slots, sequence, sequence);
    if (problem !== null) this.misreads.push(`path ${of.path.name} read through ${this.path.name}: ${problem}`);
  }

  async #read(offset: number): Promise<Buffer | undefined> {
    const session = await this.#login();
    const answer = await session?.command(`read -v ${offset} ${blockBytes}`, answerDeadlineMs);
    if (answer?.kind === 'done') return bytesOfDump(answer.output);
    await this.#drop();
    return undefined;
  }

  // A plain connect first: starting an initiator costs a thousand times more than finding that nobody answers yet.
  async #login(): Promise<QemuIo | undefined> {
    if (this.#session?.usable === true) return this.#session;
    if (!(await answers(this.path.ip, this.path.port))) {
      await sleep(probeEveryMs);
      return undefined;
    }
    this.logins += 1;
    const url = `iscsi://${this.path.ip}:${this.path.port}/${this.path.iqn}/1`;
    this.#session = await QemuIo.login(url, loginDeadlineMs);
    if (this.#session === undefined) await sleep(probeEveryMs);
    return this.#session;
  }

  /**
   * An initiator that logs in again ends its earlier session: the target knows it by its name and session identifier.
   * This one is another one each time, so what it has sent must not arrive any more: the kernel would send it again
   * for as long as it is not acknowledged, also of a process that is gone, and an old write would follow newer ones.
   */
  async #drop(): Promise<void> {
    if (this.#session === undefined) return;
    await run(['ss', '-K', '-H', '-n', '-t', 'dst', `${this.path.ip}:${this.path.port}`]);
    this.#session.kill();
    this.#session = undefined;
  }
}

async function answers(ip: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: ip, port });
  socket.setTimeout(probeDeadlineMs, () => resolve(false));
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  const answer = await promise;
  socket.resetAndDestroy();
  return answer;
}
