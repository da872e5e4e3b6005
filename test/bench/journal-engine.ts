// An engine whose paths take and release again and again, as fast as the journal lets them: everything else is instant.
import { systemClock } from '../../adapters/clock/system.ts';
import { actorIds } from '../../src/core/records.ts';
import { stateOf } from '../../src/core/state.ts';
import type { Effects, Facts } from '../../src/daemon/dispatcher.ts';
import { Engine } from '../../src/daemon/engine.ts';
import { silentLog } from '../../src/daemon/log.ts';
import type { Cause, JournalPort, JournalRecord } from '../../src/ports/journal.ts';
import { offered, settings, specification, unwanted } from './journal-events.ts';

export interface Plan {
  readonly journal: JournalPort;
  /** Ids of disks with one path each. */
  readonly disks: readonly string[];
  /** So many records come before the measured time: until then V8 compiles what it will run. */
  readonly warmUpRecords?: number;
  onRecord?(record: JournalRecord): void;
  /** Asked when a path is released: false leaves it there, and the first false ends the measured time. */
  goesOn(engine: Engine): boolean;
}

export interface Rounds {
  readonly engine: Engine;
  /** From the first event, or the end of the warm-up, to the first path that did not go on. */
  readonly tookMs: number;
  /** Records that became durable and were adopted in that time. */
  readonly records: number;
}

const cause: Cause = { kind: 'local', what: 'bench' };

/** The engine still runs: stop it. */
export async function runRounds(plan: Plan): Promise<Rounds> {
  const over = Promise.withResolvers<void>();
  const { warmUpRecords = 0 } = plan;
  let start = { atMs: 0, records: 0 };
  const engine = newEngine(plan.journal, plan.disks.length, (record, path, state) => {
    plan.onRecord?.(record);
    if (engine.counts.records === warmUpRecords) start = { atMs: performance.now(), records: warmUpRecords };
    if (state === 'enabled') void engine.post(path, unwanted, cause);
    else if (state === 'unlocked.idle' && plan.goesOn(engine)) void engine.post(path, offered, cause);
    else if (state === 'unlocked.idle') over.resolve();
  });
  await engine.recover();
  start = { atMs: performance.now(), records: 0 };
  for (const disk of plan.disks) {
    const path = actorIds.path(disk, 1);
    void engine.post(actorIds.disk(disk), specification(disk), cause);
    void engine.post(path, settings(disk), cause).then(() => engine.post(path, offered, cause));
  }
  await over.promise;
  return { engine, tookMs: performance.now() - start.atMs, records: engine.counts.records - start.records };
}

/** `onRecord` is told where a path stands after a record that moved it; the first one of a path moves nothing. */
export function newEngine(
  journal: JournalPort,
  commandsPerKind: number,
  onRecord: (record: JournalRecord, actor: string, state: string | null) => void,
): Engine {
  return new Engine({
    journal,
    clock: systemClock(),
    log: { ...silentLog, error: (data, message) => console.error(message, data) },
    mailboxEvents: 100_000,
    commandsPerKind,
    effects: () => effects,
    beforeTurn: () => {},
    mayServe: () => true,
    onRecord: (record, { id, snapshot }, moved) => {
      const tells = moved && id.startsWith('path/') && record.event.type !== 'path.specified';
      onRecord(record, id, tells ? stateOf(snapshot) : null);
    },
  });
}

const answers: Readonly<Record<string, Facts>> = {
  'lock.acquire': { epoch: 3, modifyIndex: 9, evidence: null },
  'address.probe': { answeredBy: null },
  'path.observe': { address: false, portal: false },
  'backstore.attach': { backing: { kind: 'file', path: '/srv/images/image', sizeBytes: 1_073_741_824 } },
};

/** Whatever the machines ask for is done at once. */
const effects = new Proxy<Effects>({}, {
  get: (_, type) => () => Promise.resolve({ kind: 'done', value: answers[String(type)] ?? null }),
});
