// One transaction: every operation is tried, all errors are collected, and nothing remains when there is one.
import { AgentError } from './errors.ts';
import { casKey, deleteKey, deleteKeyCas, deleteTree, listKeys, lockKey, setKey, unlockKey } from './kv.ts';
import { isLockDelayed } from './lock-delay.ts';
import type { KvRow, State } from './state.ts';

export interface TxnOperation {
  readonly Verb: string;
  readonly Key?: string;
  readonly Value?: string | null;
  readonly Flags?: number;
  readonly Index?: number;
  readonly Session?: string;
}

export interface TxnError {
  readonly OpIndex: number;
  readonly What: string;
}

export interface TxnResult {
  /** `withValue` only for what was read: Consul leaves the value out of what was written or checked. */
  readonly results: readonly { readonly row: KvRow; readonly withValue: boolean }[];
  readonly errors: readonly TxnError[];
}

const writingVerbs = new Set(['set', 'cas', 'lock', 'unlock', 'delete', 'delete-tree', 'delete-cas']);

export const operationsMax = 64;

export const isWriting = (operations: readonly TxnOperation[]): boolean =>
  operations.some(({ Verb }) => writingVerbs.has(Verb));

/** What Consul's leader refuses before the command is written to raft: missing keys and running lock-delays. */
export function precheck(state: State, operations: readonly TxnOperation[], nowMs: number): TxnError[] {
  const errors: TxnError[] = [];
  operations.forEach(({ Verb, Key = '' }, OpIndex) => {
    if (Key === '' && Verb !== 'delete-tree') errors.push({ OpIndex, What: 'Must provide key' });
    else if (Verb === 'lock' && isLockDelayed(state, Key, nowMs)) {
      errors.push({ OpIndex, What: `failed to lock key "${Key}" due to lock delay` });
    }
  });
  return errors;
}

export function runTxn(state: State, operations: readonly TxnOperation[], nowMs: number): TxnResult {
  const results: { row: KvRow; withValue: boolean }[] = [];
  const errors: TxnError[] = [];
  const undo: (() => void)[] = [];
  state.undo = undo;
  operations.forEach((operation, OpIndex) => {
    try {
      for (const row of runOperation(state, operation, nowMs)) {
        results.push({ row, withValue: operation.Verb === 'get' || operation.Verb === 'get-tree' });
      }
    } catch (error) {
      if (!(error instanceof AgentError)) throw error;
      errors.push({ OpIndex, What: error.message });
    }
  });
  state.undo = null;
  if (errors.length === 0) return { results, errors };
  for (const takeBack of undo.reverse()) takeBack();
  return { results: [], errors };
}

function runOperation(state: State, operation: TxnOperation, nowMs: number): KvRow[] {
  const { Verb, Key: key = '', Value, Flags: flags = 0, Index: index = 0, Session: session = '' } = operation;
  const write = { key, value: Value ?? '', flags, session };
  switch (Verb) {
    case 'set':
      return [setKey(state, write)];
    case 'cas':
      return [orRefuse(casKey(state, write, index), `failed to set key "${key}", index is stale`)];
    case 'lock':
      return [orRefuse(lockKey(state, write), `failed to lock key "${key}", lock is already held`)];
    case 'unlock': {
      const reason = `failed to unlock key "${key}", lock isn't held, or is held by another session`;
      return [orRefuse(unlockKey(state, write), reason)];
    }
    case 'get':
      return [orRefuse(state.kv.get(key), `key "${key}" doesn't exist`)];
    case 'get-tree':
      return listKeys(state, key);
    case 'delete':
      deleteKey(state, key, nowMs);
      return [];
    case 'delete-tree':
      deleteTree(state, key, nowMs);
      return [];
    case 'delete-cas':
      if (!deleteKeyCas(state, key, index, nowMs)) refuse(`failed to delete key "${key}", index is stale`);
      return [];
    default:
      return runCheck(state, Verb, { key, index, session });
  }
}

function runCheck(
  state: State,
  verb: string,
  { key, index, session }: { key: string; index: number; session: string },
): KvRow[] {
  const row = state.kv.get(key);
  switch (verb) {
    case 'check-not-exists':
      if (row !== undefined) refuse(`key "${key}" exists`);
      return [];
    case 'check-index': {
      const found = orRefuse(row, `failed to check index, key "${key}" doesn't exist`);
      if (found.modifyIndex === index) return [found];
      return refuse(`failed index check for key "${key}", current modify index ${found.modifyIndex} != ${index}`);
    }
    case 'check-session': {
      const found = orRefuse(row, `failed to check session, key "${key}" doesn't exist`);
      if (found.session === session) return [found];
      return refuse(`failed session check for key "${key}", current session "${found.session}" != "${session}"`);
    }
    default:
      return refuse(`unknown KV verb "${verb}"`);
  }
}

const orRefuse = <T>(found: T | null | undefined, what: string): T => found ?? refuse(what);

function refuse(what: string): never {
  throw new AgentError(409, what);
}
