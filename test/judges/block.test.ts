import { describe, expect, it } from 'vitest';
import { blockBytes, decodeBlock, encodeBlock, judgeSlot, slots } from '../lab/block.ts';

const tag = 7;
const sequence = slots * 3 + 5;
const slot = 5;

describe('a block', () => {
  it('says which write of which path it is', () => {
    expect(decodeBlock(encodeBlock(tag, sequence), tag)).toEqual({ kind: 'write', sequence });
  });

  it('is broken when one bit of it changed', () => {
    const block = encodeBlock(tag, sequence);
    block.writeUInt8(block.readUInt8(blockBytes - 1) ^ 1, blockBytes - 1);
    expect(decodeBlock(block, tag)).toMatchObject({ kind: 'broken' });
  });

  it('is broken when half of it is of another write', () => {
    const torn = Buffer.concat([encodeBlock(tag, sequence).subarray(0, 512), encodeBlock(tag, 1).subarray(512)]);
    expect(decodeBlock(torn, tag)).toMatchObject({ kind: 'broken' });
  });

  it('of another path is broken', () => {
    expect(decodeBlock(encodeBlock(8, sequence), tag)).toMatchObject({ kind: 'broken' });
  });
});

describe('the judge of a slot', () => {
  const judge = (block: Buffer, acknowledged: number, issued: number) =>
    judgeSlot(block, tag, slot, acknowledged, issued);

  it('is content with the newest acknowledged write', () => {
    expect(judge(encodeBlock(tag, sequence), sequence + 3, sequence + 4)).toBeNull();
  });

  it('is content with an issued write that nobody acknowledged', () => {
    expect(judge(encodeBlock(tag, sequence), sequence - 1, sequence)).toBeNull();
  });

  it('finds a lost write', () => {
    const old = encodeBlock(tag, sequence - slots);
    expect(judge(old, sequence, sequence)).toContain(`write ${sequence} was acknowledged`);
  });

  it('finds a place that was never written though a write was acknowledged', () => {
    expect(judge(Buffer.alloc(blockBytes), slot, slot)).toContain('holds write 0');
  });

  it('finds a write that was never issued', () => {
    expect(judge(encodeBlock(tag, sequence + slots), sequence, sequence)).toContain('never issued');
  });

  it('is content with an empty place before its first write', () => {
    expect(judge(Buffer.alloc(blockBytes), slot - 1, slot - 1)).toBeNull();
  });
});
