import { expect, test } from 'vitest';
import { type LateWrite, outcomeOf, refusedOf } from '../lab/scenarios/ceph/blocklisted.ts';

const failed = 'iSCSI WRITE10/16 failed at lba 8192\nwrite failed: Input/output error\n';
const logged = (offset: number, code = -108): string =>
  `tgtd: bs_rbd_request(409) io error 0x55f6dfb0aa60 2a ${String(code)} 4096 ${String(offset)}, Success\n`;
const late = (offset: number, answer: LateWrite['answer'] = { kind: 'failed', output: failed }): LateWrite => ({
  offset,
  answer,
});

test('a late write is refused when its initiator hears of an error and the target was refused at that place', () => {
  expect(refusedOf([late(4096), late(8192)], logged(8192) + logged(4096))).toHaveLength(2);
});

test('an error that is not the one of the blocklist is no refusal', () => {
  expect(refusedOf([late(4096)], logged(4096, -5))).toEqual([]);
  expect(refusedOf([late(4096)], '')).toEqual([]);
});

test('the end of the initiator is no refusal, nor is no answer, nor is success', () => {
  const ended = late(4096, { kind: 'failed', output: 'the initiator has ended' });
  const answers = [ended, late(4096, { kind: 'timeout' }), late(4096, { kind: 'done', output: 'wrote 4096/4096' })];
  for (const answer of answers) expect(refusedOf([answer], logged(4096))).toEqual([]);
});

test('one refusal of the target counts for one write, so two disks need two', () => {
  expect(refusedOf([late(4096), late(4096)], logged(4096))).toHaveLength(1);
  expect(refusedOf([late(4096), late(4096)], logged(4096) + logged(4096))).toHaveLength(2);
});

test('a client is refused when it says so itself, not when it ends in another way', () => {
  expect(outcomeOf(0)).toBe('opened');
  expect(outcomeOf(108)).toBe('refused');
  expect(outcomeOf(2)).toBe('ended with 2');
  expect(outcomeOf(null)).toBe('ended with null');
});

test('a target is refused when its log says so', () => {
  const log = 'tgtd: bs_rbd_open(442) bs_rbd_open: rbd_open: -108\n';
  expect(outcomeOf(22, log)).toBe('refused');
  expect(outcomeOf(22, log.replace('-108', '-2'))).toBe('ended with 22');
  expect(outcomeOf(null, log)).toBe('ended with null');
});
