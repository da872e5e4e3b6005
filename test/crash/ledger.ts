// Follows every journaled intent: it must settle, and nothing runs without one, or twice with another effect.
import { specOf, kindOf } from '../../src/core/definition.ts';
import { intentId, settle, type Pending } from '../../src/core/pending.ts';
import type { Intent } from '../../machines/intent.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';

interface Asked {
  readonly actor: string;
  readonly intent: Intent;
  isSettled: boolean;
  readonly results: string[];
}

interface Book {
  readonly records: JournalRecord[];
  readonly pending: Map<string, Pending>;
  readonly asked: Map<string, Asked>;
}

/** Intents that change what a node serves, with the params that say what they are about. */
const subjects: Readonly<Record<string, readonly string[]>> = {
  'backstore.attach': ['disk'],
  'backstore.detach': ['disk'],
  'target.define': ['iqn'],
  'target.remove': ['iqn'],
  'portal.open': ['iqn', 'ip', 'port'],
  'portal.close': ['iqn', 'ip', 'port'],
  'address.add': ['ip', 'prefix', 'interface'],
  'address.remove': ['ip', 'prefix', 'interface'],
  'traffic.block': ['ip'],
  'traffic.unblock': ['ip'],
};

export class Ledger {
  readonly #books = new Map<string, Book>();
  readonly #fail: (failure: string) => void;
  /** Intents that ran more than once. */
  repeated = 0;

  constructor(fail: (failure: string) => void) {
    this.#fail = fail;
  }

  durable(node: string, records: readonly JournalRecord[]): void {
    const book = this.#book(node);
    for (const record of records) {
      const last = book.records.at(-1)?.seq ?? 0;
      if (record.seq !== last + 1) this.#fail(`${node}: record ${String(record.seq)} follows record ${String(last)}`);
      book.records.push(record);
      this.#note(book, record);
    }
  }

  /** Something changes the node: by which journaled intent? Answers who is told the outcome. */
  asked(node: string, name: string, params: object): (outcome: unknown) => void {
    const subject = subjects[name];
    if (subject === undefined) return () => {};
    const found = [...this.#book(node).asked].findLast(([, { intent }]) =>
      intent.type === name && subject.every((key) => intent.params[key] === Reflect.get(params, key)));
    if (found === undefined) {
      this.#fail(`${node}: ${name} ran without a durable intent: ${JSON.stringify(params)}`);
      return () => {};
    }
    const [id, asked] = found;
    if (asked.isSettled) this.#fail(`${node}: ${name} ${id} ran again after it was settled`);
    return (outcome) => {
      const result = (outcome as { kind: string }).kind;
      // Called off before it began.
      if (result === 'unknown') return;
      asked.results.push(result);
      if (asked.results.length < 2) return;
      this.repeated += 1;
      if (asked.results[0] !== result) this.#fail(`${node}: ${name} ${id} ended ${asked.results.join(', then ')}`);
    };
  }

  /** Every intent that was ever durable and has no answer, and is not superseded. */
  unsettled(node: string): readonly string[] {
    const { pending } = this.#book(node);
    return [...pending].flatMap(([actor, intents]) =>
      [...intents].map(([id, { type }]) => `${node} ${actor} ${type} ${id}`));
  }

  records(node: string): readonly JournalRecord[] {
    return this.#book(node).records;
  }

  #note(book: Book, { actor, seq, intents, settles }: JournalRecord): void {
    if (settles !== null) {
      const asked = book.asked.get(settles);
      if (asked !== undefined) asked.isSettled = true;
      if (asked !== undefined && asked.actor !== actor) {
        book.pending.set(asked.actor, without(book.pending.get(asked.actor), settles));
      }
    }
    const kind = kindOf(actor);
    if (kind === undefined) return;
    const before = without(book.pending.get(actor), settles);
    book.pending.set(actor, settle(kind, before, null, seq, intents));
    intents.forEach((intent, position) => {
      const isSettled = specOf(kind.definition, intent.type).answer.by === 'nobody';
      book.asked.set(intentId(seq, position), { actor, intent, isSettled, results: [] });
    });
  }

  #book(node: string): Book {
    const known = this.#books.get(node);
    if (known !== undefined) return known;
    const book: Book = { records: [], pending: new Map(), asked: new Map() };
    this.#books.set(node, book);
    return book;
  }
}

function without(pending: Pending | undefined, id: string | null): Pending {
  const next = new Map(pending);
  if (id !== null) next.delete(id);
  return next;
}
