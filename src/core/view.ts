// What Consul says now, as one indexed, typed snapshot. Keys that cannot be understood are reported and skipped.
import type { TSchema, Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ClusterEntry, ClusterSnapshot } from '../ports/cluster.ts';
import {
  DiskSpec,
  DrainRecord,
  ExclusionRecord,
  keys,
  LockValue,
  MaintenanceRecord,
  MoveRecord,
  NodeRecord,
  type Incarnation,
} from './records.ts';

export interface Stamped<T> {
  readonly value: T;
  readonly modifyIndex: number;
}

export interface PathLock {
  readonly disk: string;
  readonly index: number;
  /** The session that holds the lock now. */
  readonly holder: string | null;
  /** The node that wrote the value: the owner while there is a holder, else the last one. */
  readonly node: string | null;
  readonly epoch: number;
  readonly modifyIndex: number;
  /** Whom the next taker must see excluded; null after a clean release. */
  readonly evidence: Incarnation | null;
  /** Whom the present holder must still see excluded. */
  readonly pendingExclusion: Incarnation | null;
}

export interface NodeView {
  readonly record: NodeRecord;
  /** The session that locks the record; null when the node is not alive. */
  readonly session: string | null;
  readonly modifyIndex: number;
}

export interface Problem {
  readonly key: string;
  readonly reason: string;
}

export interface ClusterView {
  readonly index: number;
  readonly disks: ReadonlyMap<string, Stamped<DiskSpec>>;
  /** By `disk/index`. A path without a key is not in here. */
  readonly locks: ReadonlyMap<string, PathLock>;
  readonly nodes: ReadonlyMap<string, NodeView>;
  readonly exclusions: ReadonlyMap<string, Stamped<ExclusionRecord>>;
  readonly drains: ReadonlyMap<string, Stamped<DrainRecord>>;
  /** By node; under `wholeCluster` that of all nodes. */
  readonly maintenance: ReadonlyMap<string, Stamped<MaintenanceRecord>>;
  /** By `disk/index`. */
  readonly moves: ReadonlyMap<string, Stamped<MoveRecord>>;
  /** By node, as it wrote it: see connections.ts. */
  readonly connections: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

/** No node can have this name. */
export const wholeCluster = '*';

export const emptyView: ClusterView = assemble(0, []);

/** Parses with a memory of what it parsed before, so that a changed key costs one parse and not all of them. */
export function viewParser(): (snapshot: ClusterSnapshot) => ClusterView {
  let remembered = new Map<string, Parsed>();
  return (snapshot) => {
    const next = new Map<string, Parsed>();
    for (const entry of snapshot.entries) {
      const before = remembered.get(entry.key);
      const same = before?.entry.modifyIndex === entry.modifyIndex && before.entry.session === entry.session;
      next.set(entry.key, same ? before : { entry, ...parseEntry(entry) });
    }
    remembered = next;
    return assemble(snapshot.index, [...next.values()]);
  };
}

type Read =
  | { readonly kind: 'disks'; readonly id: string; readonly value: Stamped<DiskSpec> }
  | { readonly kind: 'paths'; readonly id: string; readonly value: PathLock }
  | { readonly kind: 'nodes'; readonly id: string; readonly value: NodeView }
  | { readonly kind: 'exclusions'; readonly id: string; readonly value: Stamped<ExclusionRecord> }
  | { readonly kind: 'drains'; readonly id: string; readonly value: Stamped<DrainRecord> }
  | { readonly kind: 'maintenance'; readonly id: string; readonly value: Stamped<MaintenanceRecord> }
  | { readonly kind: 'moves'; readonly id: string; readonly value: Stamped<MoveRecord> }
  | { readonly kind: 'connections'; readonly id: string; readonly value: string };
type Parsed = { readonly entry: ClusterEntry } & { readonly read?: Read; readonly problem?: string };

/** JSON text to a typed value; throws with every mistake that matters. */
function reader<S extends TSchema>(schema: S): (text: string) => Static<S> {
  const compiled = Compile(schema);
  return (text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Error('its value is not JSON');
    }
    if (compiled.Check(value)) return value;
    const mistakes = compiled.Errors(value).slice(0, 3);
    throw new Error(mistakes.map(({ instancePath, message }) => `${instancePath || 'value'} ${message}`).join('; '));
  };
}

const read = {
  disk: reader(DiskSpec),
  lock: reader(LockValue),
  node: reader(NodeRecord),
  exclusion: reader(ExclusionRecord),
  drain: reader(DrainRecord),
  maintenance: reader(MaintenanceRecord),
  move: reader(MoveRecord),
};

const orNull =
  <T>(parse: (text: string) => T) =>
  (text: string): T | null => {
    try {
      return parse(text);
    } catch {
      return null;
    }
  };

/** The value of a key; null when it is empty or cannot be understood. */
export const readLockValue = orNull(read.lock);
export const readExclusion = orNull(read.exclusion);

/** A disk specification or node record as it stands in Consul; throws with the mistakes. */
export const readDiskSpec = read.disk;
export const readNodeRecord = read.node;

function parseEntry(entry: ClusterEntry): { read?: Read; problem?: string } {
  const [kind, ...rest] = entry.key.split('/');
  const id = rest.join('/');
  try {
    if (kind === 'paths' && isPathId(id)) return { read: { kind, id, value: lockOf(entry, id) } };
    if (id === '' || (rest.length > 1 && kind !== 'moves'))
      return { problem: 'no such key belongs below the prefix' };
    if (kind === 'connections') return { read: { kind, id, value: entry.value } };
    if (kind === 'disks') return { read: { kind, id, value: stamped(entry, diskOf(entry)) } };
    if (kind === 'nodes') {
      const { session, modifyIndex } = entry;
      return { read: { kind, id, value: { record: read.node(entry.value), session, modifyIndex } } };
    }
    if (kind === 'exclusions') return { read: { kind, id, value: stamped(entry, read.exclusion(entry.value)) } };
    if (kind === 'maintenance' && id !== wholeCluster) return maintenanceIn(entry, id);
    if (entry.key === keys.maintenance(null)) return maintenanceIn(entry, wholeCluster);
    if (kind === 'drains') return { read: { kind, id, value: stamped(entry, read.drain(entry.value)) } };
    if (kind === 'moves' && isPathId(id))
      return { read: { kind, id, value: stamped(entry, read.move(entry.value)) } };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'it cannot be read' };
  }
  return { problem: 'no such key belongs below the prefix' };
}

const isPathId = (id: string) => /^[^/]+\/[1-9]\d*$/.test(id);
const stamped = <T>({ modifyIndex }: ClusterEntry, value: T): Stamped<T> => ({ value, modifyIndex });

function diskOf(entry: ClusterEntry): DiskSpec {
  const spec = read.disk(entry.value);
  const indexes = new Set(spec.paths.map((path) => path.index));
  const addresses = new Set(spec.paths.map((path) => path.ip));
  if (indexes.size < spec.paths.length) throw new Error('two paths have the same index');
  if (addresses.size < spec.paths.length) throw new Error('two paths have the same ip');
  return spec;
}

/** A key that cannot be understood counts: somebody wanted it, and to wait does no harm to any data. */
function maintenanceIn(entry: ClusterEntry, id: string): { read: Read; problem?: string } {
  try {
    return { read: { kind: 'maintenance', id, value: stamped(entry, read.maintenance(entry.value)) } };
  } catch (error) {
    const problem = error instanceof Error ? error.message : 'it cannot be read';
    const value = { by: 'somebody', reason: `its key cannot be understood: ${problem}`, at: 0 };
    return { read: { kind: 'maintenance', id, value: stamped(entry, value) }, problem };
  }
}

function lockOf({ value, session, lockIndex, modifyIndex }: ClusterEntry, id: string): PathLock {
  const [disk = '', index = ''] = id.split('/');
  const lock: LockValue = value === '' ? {} : read.lock(value);
  const owner =
    lock.node !== undefined && lock.session !== undefined ? { node: lock.node, session: lock.session } : null;
  if (session !== null && owner === null) throw new Error('it is locked, and its value does not say by whom');
  if (session === null && value !== '' && owner === null && lock.pendingExclusion === undefined) {
    throw new Error('its value names no last owner');
  }
  return {
    disk,
    index: Number(index),
    holder: session,
    node: lock.node ?? null,
    epoch: lockIndex,
    modifyIndex,
    evidence: lock.pendingExclusion ?? owner,
    pendingExclusion: lock.pendingExclusion ?? null,
  };
}

function assemble(index: number, all: readonly Parsed[]): ClusterView {
  const maps = {
    disks: new Map(),
    paths: new Map(),
    nodes: new Map(),
    exclusions: new Map(),
    drains: new Map(),
    maintenance: new Map(),
    moves: new Map(),
    connections: new Map(),
  };
  const problems: Problem[] = [];
  for (const parsed of all) {
    if (parsed.problem !== undefined) problems.push({ key: parsed.entry.key, reason: parsed.problem });
    if (parsed.read !== undefined) maps[parsed.read.kind].set(parsed.read.id, parsed.read.value);
  }
  const { paths: locks, ...others } = maps;
  return { index, locks, ...others, problems };
}
