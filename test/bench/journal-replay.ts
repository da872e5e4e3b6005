// How fast a journal is verified, reading it included, against XState's bare transition function on the same events.
import { initialTransition, transition } from 'xstate';
import { readJournal } from '../../adapters/journal/reader.ts';
import { kindOf, type Snapshot } from '../../src/core/definition.ts';
import { verifyJournal } from '../../src/journal-tools.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import type { Figure } from './report.ts';

const turns = 3;

export function benchReplay(file: string): readonly Figure[] {
  const journal = readJournal(file);
  const records = [...journal.records()];
  journal.close();
  // In turns, so that both meet the same neighbours; the best of each is the least disturbed one.
  const mine: number[] = [];
  const bare: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    mine.push(perSecond(records.length, () => verified(file, records.length)));
    bare.push(perSecond(records.length, () => stepped(records)));
  }
  return [{
    name: 'journal verify',
    value: Math.max(...mine),
    unit: 'records/s',
    bar: { atLeast: 40_000 },
    baseline: { value: Math.max(...bare), what: 'bare xstate transition() on the events of the same records' },
    facts: { records: records.length, worst: Math.min(...mine), worstBaseline: Math.min(...bare) },
  }];
}

function verified(file: string, records: number): void {
  const { compared, differences } = verifyJournal(file);
  if (compared !== records || differences.length > 0) {
    throw new Error(`${String(compared)} of ${String(records)} records compared, ${JSON.stringify(differences[0])}`);
  }
}

function stepped(records: readonly JournalRecord[]): void {
  const actors = new Map<string, Snapshot>();
  for (const { actor, event } of records) {
    const kind = kindOf(actor);
    if (kind === undefined) throw new Error(`no machine answers to ${actor}`);
    const { machine } = kind.definition;
    const before = actors.get(actor) ?? initialTransition(machine, kind.input as never)[0];
    actors.set(actor, transition(machine, before as never, event as never)[0] as Snapshot);
  }
}

function perSecond(records: number, work: () => void): number {
  const startMs = performance.now();
  work();
  return Math.round((records * 1000) / (performance.now() - startMs));
}
