import { expect, it } from 'vitest';
import { memoryJournal } from '../../../adapters/journal/memory.ts';
import { record, records } from './records.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const fate = (promise: Promise<unknown>) => {
  const seen = { is: 'pending' };
  promise.then(
    () => (seen.is = 'done'),
    () => (seen.is = 'failed'),
  );
  return seen;
};

it('hangs until it is released: appending, reading and closing wait', async () => {
  const journal = memoryJournal();
  await journal.open();
  const release = journal.hang();
  const all = [journal.append(records(1, 2)), journal.read({ limit: 10 }), journal.close()].map(fate);
  await turn();
  expect(all.map(({ is }) => is)).toEqual(['pending', 'pending', 'pending']);
  release();
  await turn();
  expect(all.map(({ is }) => is)).toEqual(['done', 'done', 'done']);
  expect(journal.image).toMatchObject({ records: { length: 2 }, holder: null });
});

it('fails until it is repaired', async () => {
  const journal = memoryJournal();
  await journal.open();
  const repair = journal.fail('no space left');
  await expect(journal.append([record(1)])).rejects.toMatchObject({ code: 'JOURNAL_WRITE_FAILED' });
  repair();
  await journal.append([record(1)]);
});

it('gives after a crash what was durable, and the crashed one never answers again', async () => {
  const before = memoryJournal();
  await before.open();
  await before.append([record(1)]);
  const release = before.hang();
  const lost = fate(before.append([record(2)]));
  const after = before.crash();
  release();
  const late = fate(before.append([record(3)]));
  expect(await after.open()).toMatchObject({ records: [record(1)], lastSeq: 1 });
  await after.append([record(2), record(3)]);
  await turn();
  expect([lost.is, late.is]).toEqual(['pending', 'pending']);
  expect(before.image.records).toHaveLength(1);
});
