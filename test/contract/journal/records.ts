// Records as the daemon writes them, made up.
import type { ActorSnapshot, JournalRecord } from '../../../src/ports/journal.ts';

export function record(seq: number, actor = 'path/00001/1', note = 'née à l’aube'): JournalRecord {
  return {
    seq,
    actor,
    machine: 'disk-path@1',
    at: 1_795_000_000_000 + seq,
    event: { type: 'lock.granted', epoch: seq, intent: `${seq - 1}.0` } as JournalRecord['event'],
    value: { locking: 'checking' },
    intents: [{ type: 'backstore.attach', params: { disk: '00001', note } }],
    cause: seq % 2 === 0 ? { kind: 'consul', index: 912, key: 'pathwarden/locks/00001/1' } : null,
    settles: seq === 1 ? null : `${seq - 1}.0`,
  };
}

export const records = (from: number, to: number, actor?: string): JournalRecord[] =>
  Array.from({ length: to - from + 1 }, (_, index) => record(from + index, actor));

export function snapshot(actor: string, seq: number): ActorSnapshot {
  const pending = [{ id: `${seq}.0`, intent: { type: 'lock.acquire', params: { path: '00001/1' } } }];
  return { actor, seq, machine: 'disk-path@1', since: 1_795_000_000_000, snapshot: { value: 'mapped' }, pending };
}
