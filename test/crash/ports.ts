// Puts the harness between a daemon and its ports: latency, and the moments at which the daemon can be cut.
import type { ClusterPort, WatchHandlers } from '../../src/ports/cluster.ts';
import type { DataPlane, FencePort } from '../../src/ports/dataplane.ts';
import { actorIds } from '../../src/core/records.ts';
import type { JournalPort, JournalRecord } from '../../src/ports/journal.ts';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import { clockOf, never, type Life } from './life.ts';
import { clusterName, dataPlaneNames } from './names.ts';

export interface Harness {
  /** The daemon is here now. True when it was cut here: nothing after this happens any more. */
  at(life: Life, moment: string): boolean;
  /** Milliseconds that the next request needs on its way, or its answer. */
  latencyMs(life: Life): number;
  /** Does what was under way when the daemon was cut still happen? */
  lands(life: Life): boolean;
  /** How much later a request over the network may still arrive. */
  lateMs(life: Life): number;
  wait(ms: number): Promise<void>;
  /** The daemon asks its node for something. Answers who is told how it ended. */
  asked(life: Life, name: string, params: object): (outcome: unknown) => void;
  durable(life: Life, records: readonly JournalRecord[]): void;
}

const changesNode = new Set(Object.values(dataPlaneNames));

type Call = (...given: unknown[]) => Promise<unknown>;

export function throughHarness(harness: Harness, life: Life, parts: DaemonParts): DaemonParts {
  return {
    ...parts,
    clock: clockOf(life, parts.clock),
    journal: journalOf(harness, life, parts.journal),
    cluster: clusterOf(harness, life, parts.cluster),
    dataPlane: dataPlaneOf(harness, life, parts.dataPlane),
    fences: parts.fences.map((fence) => (fence === undefined ? undefined : fenceOf(harness, life, fence))),
  };
}

/** One request: it may be lost on its way, or be carried out and its answer be lost. */
async function call(harness: Harness, life: Life, name: string, params: object, work: () => Promise<unknown>) {
  if (life.isOver || harness.at(life, `${name}: asked for`)) return never();
  await harness.wait(harness.latencyMs(life));
  // Commands end with their service; what went out to the network goes on by itself.
  if (life.isOver && !changesNode.has(name)) await harness.wait(harness.lateMs(life));
  if (life.isOver ? !harness.lands(life) : harness.at(life, `${name}: not done`)) return never();
  const answered = life.isOver ? () => {} : harness.asked(life, name, params);
  const outcome = await work();
  answered(outcome);
  if (life.isOver || harness.at(life, `${name}: done, not answered`)) return never();
  await harness.wait(harness.latencyMs(life));
  return life.isOver ? never() : outcome;
}

function clusterOf(harness: Harness, life: Life, cluster: ClusterPort): ClusterPort {
  return new Proxy(cluster, {
    get(target, verb: keyof ClusterPort) {
      if (verb === 'watch') return (handlers: WatchHandlers) => watchOf(harness, life, target, handlers);
      const real = target[verb] as Call;
      return (...given: unknown[]) => call(harness, life, clusterName(verb, given), {}, () => real(...given));
    },
  });
}

function watchOf(harness: Harness, life: Life, cluster: ClusterPort, handlers: WatchHandlers) {
  const watch = cluster.watch({
    onSnapshot(snapshot) {
      if (!life.isOver && !harness.at(life, 'view: not seen')) handlers.onSnapshot(snapshot);
    },
    onContact(sentAtMs) {
      if (!life.isOver) handlers.onContact?.(sentAtMs);
    },
    onTrouble(reason) {
      if (!life.isOver) handlers.onTrouble(reason);
    },
  });
  life.atEnd(() => void watch.stop());
  return { stop: () => (life.isOver ? never<void>() : watch.stop()) };
}

function dataPlaneOf(harness: Harness, life: Life, dataPlane: DataPlane): DataPlane {
  const wrap = <Port extends object>(port: Port, portName: string): Port =>
    new Proxy(port, {
      get(target, verb) {
        const real = Reflect.get(target, verb) as Call;
        const name = dataPlaneNames[`${portName}.${String(verb)}`] ?? `${portName}.${String(verb)}`;
        return (first: unknown, ...more: unknown[]) => {
          const params = typeof first === 'string' ? { ip: first } : (first as object);
          return call(harness, life, name, params, () => real(first, ...more));
        };
      },
    });
  return {
    backstore: wrap(dataPlane.backstore, 'backstore'),
    target: wrap(dataPlane.target, 'target'),
    address: wrap(dataPlane.address, 'address'),
    traffic: wrap(dataPlane.traffic, 'traffic'),
  };
}

function fenceOf(harness: Harness, life: Life, fence: FencePort): FencePort {
  const real = fence.fence.bind(fence) as Call;
  return {
    fence: (...given) =>
      call(harness, life, 'fence.run', {}, () => real(...given)) as ReturnType<FencePort['fence']>,
  };
}

function journalOf(harness: Harness, life: Life, journal: JournalPort): JournalPort {
  /** Latency, the moment before, the work, the moment after. */
  const through = async <T>(
    names: readonly string[],
    ends: readonly [string, string],
    work: () => Promise<T>,
    arrival = harness.wait(harness.latencyMs(life)),
  ) => {
    const isCut = (when: string): boolean => names.some((name) => harness.at(life, `${name}: ${when}`));
    const [before, after] = ends;
    if (life.isOver) return never<T>();
    await arrival;
    if (life.isOver || isCut(before)) return never<T>();
    const working = work();
    if (isCut('under way')) return never<T>();
    const result = await working;
    return life.isOver || isCut(after) ? never<T>() : result;
  };
  // Two appends may be on their way, and never overtake each other.
  let sent = Promise.resolve();
  const named = <T>(name: string, work: () => Promise<T>) => through([name], ['not done', 'done'], work);
  return {
    open: () => named('journal.open', () => journal.open()),
    append(records) {
      sent = sent.then(() => harness.wait(harness.latencyMs(life)));
      const work = async (): Promise<void> => {
        await journal.append(records);
        harness.durable(life, records);
      };
      return through(kindsOf(records), ['not durable', 'durable, not adopted'], work, sent);
    },
    saveSnapshots: (snapshots) => {
      const name = snapshots.every(({ snapshot }) => snapshot === null) ? 'forgetting' : 'snapshots';
      return named(name, () => journal.saveSnapshots(snapshots));
    },
    read: (query) => (life.isOver ? never() : journal.read(query)),
    compact: (retention) => named('compaction', () => journal.compact(retention)),
    snapshots: (actor) => (life.isOver ? never() : journal.snapshots(actor)),
    info: () => (life.isOver ? never() : journal.info()),
    close: () => named('journal.close', () => journal.close()),
  };
}

/** What a group of records is, for somebody who wants to cut it. */
function kindsOf(records: readonly JournalRecord[]): readonly string[] {
  const kinds = ['append'];
  if (records.length > 1) kinds.push('group');
  if (records.some(({ cause }) => cause?.kind === 'intent')) kinds.push('answer');
  if (records.some(({ cause }) => cause?.kind === 'operator')) kinds.push('operator');
  if (records.some(({ actor, event }) => actor === actorIds.node && event.type === 'node.started')) kinds.push('start');
  return kinds;
}
