// One line per step. Steps that change the state, or ask for something new for a reason, are said; a loop of retries
// is said once and then rarely.
import { describe, dotted, stateOf } from '../core/state.ts';
import type { Snapshot } from '../core/definition.ts';
import type { Json } from '../../machines/intent.ts';
import type { Clock } from '../ports/clock.ts';
import type { JournalRecord } from '../ports/journal.ts';
import type { DaemonLog } from './log.ts';

const sayAgainAfterMs = 300_000;
const rememberedMax = 10_000;

export class StepLog {
  readonly #log: DaemonLog;
  readonly #clock: Clock;
  readonly #saidMs = new Map<string, number>();

  constructor(log: DaemonLog, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Answers whether the record moved its actor to another state. */
  note(record: JournalRecord, before: Snapshot, after: Snapshot): boolean {
    const from = stateOf(before);
    const to = dotted(record.value);
    const { actor, seq, event } = record;
    const intents = record.intents.map(({ type }) => type);
    const { reason } = event as { reason?: Json };
    const line = { actor, seq, event: event.type, from, to, intents, ...(reason === undefined ? {} : { reason }) };
    const moved = from !== to;
    // A fence method that failed makes room for the next one in the same state.
    const matters = moved || (reason !== undefined && intents.length > 0);
    if (matters && !this.#wasSaid(record, to)) this.#log.info({ ...line, why: describe(after) }, 'step');
    else this.#log.debug(line, 'step');
    return moved;
  }

  #wasSaid({ actor, event }: JournalRecord, to: string): boolean {
    if (!/(\.due|Unknown|Refused)$/.test(event.type)) return false;
    const reason = (event as { reason?: Json }).reason ?? null;
    const key = JSON.stringify([actor, event.type, to, reason]);
    const nowMs = this.#clock.monotonicMs();
    const saidMs = this.#saidMs.get(key);
    if (saidMs !== undefined && nowMs - saidMs < sayAgainAfterMs) return true;
    if (this.#saidMs.size >= rememberedMax) this.#saidMs.clear();
    this.#saidMs.set(key, nowMs);
    return false;
  }
}
