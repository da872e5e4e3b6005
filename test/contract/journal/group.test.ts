import { expect, it } from 'vitest';
import { GroupCommit } from '../../../adapters/journal/group.ts';
import { journalLimits, recordWidth } from '../../../adapters/journal/rows.ts';
import { record, records } from './records.ts';

function setup() {
  const writes: { count: number; end: PromiseWithResolvers<void> }[] = [];
  const group = new GroupCommit((cells) => {
    const end = Promise.withResolvers<void>();
    writes.push({ count: cells.length / recordWidth, end });
    return end.promise;
  }, queueMicrotask);
  return { group, writes, sizes: () => writes.map(({ count }) => count) };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

it('writes all appends of one turn at once, sends two more, and gathers while these are written', async () => {
  const { group, writes, sizes } = setup();
  const first = Array.from({ length: 100 }, (_, index) => group.append([record(index + 1)]));
  await turn();
  const second = group.append([record(101)]);
  await turn();
  const third = group.append([record(102)]);
  await turn();
  expect(sizes()).toEqual([100, 1, 1]);
  const fourth = [group.append([record(103)])];
  await turn();
  fourth.push(group.append([record(104)]));
  await turn();
  expect(sizes()).toEqual([100, 1, 1]);
  writes[0]?.end.resolve();
  await Promise.all(first);
  await turn();
  expect(sizes()).toEqual([100, 1, 1, 2]);
  for (const { end } of writes) end.resolve();
  await Promise.all([second, third, ...fourth]);
});

it('fails the groups behind a failed one too, sent or not, since they would leave a gap', async () => {
  const { group, writes, sizes } = setup();
  const all: Promise<void>[] = [];
  for (const seq of [1, 2, 3, 4]) {
    all.push(group.append([record(seq)]));
    await turn();
  }
  writes[0]?.end.reject(new Error('full'));
  for (const each of all) await expect(each).rejects.toThrow('full');
  const again = group.append(records(1, 4));
  await turn();
  expect(sizes()).toEqual([1, 1, 1, 4]);
  for (const { end } of writes.slice(1, 3)) end.reject(new Error('it follows nothing'));
  await turn();
  writes[3]?.end.resolve();
  await again;
});

it('does not grow without end while the disk hangs', async () => {
  const { group, writes } = setup();
  const first = group.append([record(1)]);
  await turn();
  const rest = group.append(records(2, journalLimits.waitingRecordsMax));
  await expect(group.append(records(1, 2))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  writes[0]?.end.resolve();
  await turn();
  writes[1]?.end.resolve();
  await Promise.all([first, rest, group.idle()]);
});

it('is idle only when the last group is settled', async () => {
  const { group, writes } = setup();
  const seen: string[] = [];
  void group.append([record(1)]).then(() => seen.push('first'));
  await turn();
  void group.append([record(2)]).then(() => seen.push('second'));
  const idle = group.idle().then(() => seen.push('idle'));
  writes[0]?.end.resolve();
  await turn();
  writes[1]?.end.resolve();
  await idle;
  expect(seen).toEqual(['first', 'second', 'idle']);
});
