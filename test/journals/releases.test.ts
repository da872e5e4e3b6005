// Journals of every release replay on every build. One that does not: the machine needs a new version.
import { describe, expect, it } from 'vitest';
import { machines } from '../../machines/index.ts';
import { recover } from '../../src/core/recover.ts';
import { verify } from '../../src/core/verify.ts';
import { fixtures, readFixture } from './read.ts';

const released = fixtures.filter((name) => /^\d+\.\d+-/.test(name));

it('there are journals of release 0.1', () => {
  expect(released.filter((name) => name.startsWith('0.1-'))).toEqual([
    '0.1-cut-off.ndjson', '0.1-demo.ndjson', '0.1-drain-and-move.ndjson', '0.1-host-lost.ndjson',
    '0.1-left-over.ndjson', '0.1-trouble.ndjson',
  ]);
});

describe.each(released)('%s', (name) => {
  const records = readFixture(name);

  it('gives the same states and intents as then', () => {
    const { differences, compared, skipped } = verify({ snapshots: [], records });
    expect(differences).toEqual([]);
    expect({ compared, skipped }).toEqual({ compared: records.length, skipped: 0 });
  });

  it('is a journal that the daemon of today starts from', () => {
    const actors = recover({ snapshots: [], records, lastSeq: records.at(-1)?.seq ?? 0 });
    const today = new Set(Object.entries(machines).map(([machine, { version }]) => `${machine}@${String(version)}`));
    expect([...actors.values()].map(({ kind }) => kind.definition.label).filter((label) => !today.has(label)))
      .toEqual([]);
  });
});

it('together they show taking, giving up, losing, fencing, failing and every kind of cause', () => {
  const all = released.flatMap(readFixture);
  const types = new Set(all.map(({ event }) => event.type));
  const shown = ['lock.granted', 'portal.opened', 'lock.released', 'lease.lost', 'fence.proven', 'lock.lost',
    'exclusion.proven', 'portal.openRefused', 'target.defineUnknown', 'operator.drain', 'operator.release',
    'dataplane.leftover', 'path.resumed'];
  expect(shown.filter((type) => !types.has(type))).toEqual([]);
  expect(new Set(all.map(({ cause }) => cause?.kind))).toEqual(new Set(['intent', 'consul', 'operator', 'local']));
});
