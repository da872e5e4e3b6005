// Writes numbered blocks to a block device, past the page cache, and reads them back.
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { blockBytes, encodeBlock, judgeSlot, offsetOf, slots } from '../lab/block.ts';
import { now, sleep } from '../lab/clock.ts';
import { message } from '../lab/report.ts';
import type { WriteRecord } from '../lab/writer.ts';

export interface DevicePath {
  readonly name: string;
  readonly disk: string;
  readonly device: string;
  /** Number of the writer, from 1: the tag in its blocks. */
  readonly tag: number;
  /** Number of the writer on its device, from 0: where its blocks are. */
  readonly region: number;
}

const readBackEvery = 5;

export class DeviceWriter {
  readonly path: DevicePath;
  readonly records: WriteRecord[] = [];
  readonly misreads: string[] = [];
  readonly logins = 0;
  reads = 0;
  acknowledged = 0;
  #stopping = false;
  readonly #buffer = alignedBlock();

  constructor(path: DevicePath) {
    this.path = path;
  }

  get issued(): number {
    return this.records.length;
  }

  /** Pauses between two writes: who writes without a pause takes the processor from those who serve. */
  async run(pauseMs: number): Promise<void> {
    const file = await open(this.path.device, constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC);
    while (!this.#stopping) {
      const sequence = this.records.length + 1;
      if ((await this.#write(file, sequence)) && sequence % readBackEvery === 0) await this.#readBack(file, sequence);
      await sleep(pauseMs);
    }
    await file.close();
  }

  stop(): void {
    this.#stopping = true;
  }

  /** Reads every slot through the device. */
  async verify(): Promise<string[]> {
    const file = await open(this.path.device, constants.O_RDONLY | constants.O_DIRECT);
    const problems: string[] = [];
    for (let slot = 0; slot < slots; slot += 1) {
      problems.push(...(await this.#judge(file, slot, this.acknowledged)));
    }
    await file.close();
    return problems;
  }

  /** An error of the device is an error of the disk: nobody tries again. */
  async #write(file: FileHandle, sequence: number): Promise<boolean> {
    const { region, tag } = this.path;
    const record: WriteRecord = { sequence, issuedAt: now(), acknowledgedAt: null, attempts: 1, errors: 0 };
    this.records.push(record);
    encodeBlock(tag, sequence).copy(this.#buffer);
    try {
      await writeBlock(file, this.#buffer, offsetOf(region, sequence));
      record.acknowledgedAt = now();
      this.acknowledged = sequence;
    } catch (error) {
      record.errors += 1;
      console.error(`${this.path.name}: write ${sequence}: ${message(error)}`);
    }
    return record.errors === 0;
  }

  async #readBack(file: FileHandle, sequence: number): Promise<void> {
    this.reads += 1;
    this.misreads.push(...(await this.#judge(file, sequence % slots, sequence)));
  }

  async #judge(file: FileHandle, slot: number, acknowledged: number): Promise<string[]> {
    const { device, name, region, tag } = this.path;
    const through = `${name} read through ${device}`;
    try {
      await readBlock(file, this.#buffer, offsetOf(region, slot));
    } catch (error) {
      return [`${through}: ${message(error)}`];
    }
    const problem = judgeSlot(this.#buffer, tag, slot, acknowledged, this.issued);
    return problem === null ? [] : [`${through}: ${problem}`];
  }
}

type Piece = [block: Buffer, at: number, bytes: number, position: number];

interface Readable {
  read(...piece: Piece): Promise<{ readonly bytesRead: number }>;
}

interface Writable {
  write(...piece: Piece): Promise<{ readonly bytesWritten: number }>;
}

/** All of it, or an error. What the buffer held before is no answer. */
export async function readBlock(file: Readable, into: Buffer, position: number): Promise<void> {
  into.fill(0);
  const { bytesRead } = await file.read(into, 0, blockBytes, position);
  if (bytesRead !== blockBytes) throw new Error(`${bytesRead} of ${blockBytes} bytes read`);
}

/** All of it, or an error. */
export async function writeBlock(file: Writable, from: Buffer, position: number): Promise<void> {
  const { bytesWritten } = await file.write(from, 0, blockBytes, position);
  if (bytesWritten !== blockBytes) throw new Error(`${bytesWritten} of ${blockBytes} bytes written`);
}

/** Direct input and output need an address on a page's boundary. Memory that may grow begins on one. */
const alignedBlock = (): Buffer =>
  Buffer.from(new ArrayBuffer(blockBytes, { maxByteLength: 2 * blockBytes }), 0, blockBytes);
