import { expect, test } from 'vitest';
import { readBlock, writeBlock } from '../vm/device-writer.ts';
import { blockBytes } from '../lab/block.ts';

const reading = (bytes: number) => ({
  async read(buffer: Buffer) {
    buffer.fill(7, 0, bytes);
    return { bytesRead: bytes, buffer };
  },
});
const writing = (bytes: number) => ({ write: async (buffer: Buffer) => ({ bytesWritten: bytes, buffer }) });

test('a block that was read whole is what was read', async () => {
  const block = Buffer.alloc(blockBytes, 1);
  await readBlock(reading(blockBytes), block, 0);
  expect(block).toEqual(Buffer.alloc(blockBytes, 7));
});

test('a block that was read in part is an error, and nothing of an earlier one is left in its place', async () => {
  const block = Buffer.alloc(blockBytes, 1);
  await expect(readBlock(reading(512), block, 0)).rejects.toThrow('512 of 4096 bytes read');
  expect(block.includes(1)).toBe(false);
});

test('a block that was written in part is an error', async () => {
  await writeBlock(writing(blockBytes), Buffer.alloc(blockBytes), 0);
  await expect(writeBlock(writing(512), Buffer.alloc(blockBytes), 0)).rejects.toThrow('512 of 4096 bytes written');
});
