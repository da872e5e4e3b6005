// What Consul holds, read from its tables, without a daemon in between.
import type { Store } from '../../adapters/consul/embedded/store.ts';

const prefix = 'pathwarden/';

export interface KeyLock {
  readonly session: string | null;
  /** The value, when it names somebody who must be excluded first. */
  readonly evidence: string | null;
}

export class Keys {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The keys below these folders, without the prefix. */
  below(...folders: readonly string[]): readonly string[] {
    const keys = [...this.#store.state.kv.keys()].map((key) => key.slice(prefix.length));
    return keys.filter((key) => folders.some((folder) => key.startsWith(folder))).toSorted();
  }

  has(key: string): boolean {
    return this.#store.state.kv.has(prefix + key);
  }

  text(key: string): string {
    return Buffer.from(this.#store.state.kv.get(prefix + key)?.value ?? '', 'base64').toString('utf8');
  }

  isLocked(key: string): boolean {
    return (this.#store.state.kv.get(prefix + key)?.session ?? '') !== '';
  }

  isProven(session: string): boolean {
    return this.text(`exclusions/${session}`).includes('"state":"proven"');
  }

  /** The lock of a path; null when it never had one. */
  lockOf(path: string): KeyLock | null {
    const row = this.#store.state.kv.get(`${prefix}paths/${path}`);
    if (row === undefined) return null;
    const value = this.text(`paths/${path}`);
    const { pendingExclusion = null } = value === '' ? {} : (JSON.parse(value) as { pendingExclusion?: object });
    const isDirty = (row.session === '' && value !== '') || pendingExclusion !== null;
    return { session: row.session === '' ? null : row.session, evidence: isDirty ? value : null };
  }
}
