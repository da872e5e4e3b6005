// A running daemon as the inspector sees it, written by hand: 3 nodes, 4 disks with 4 paths each, this node is n1.
import { diskPathMachine } from '../../machines/disk-path/disk-path.machine.ts';
import type { DomainEvent, Json } from '../../machines/intent.ts';
import { graphOf, toMermaid } from '../../src/core/graph.ts';
import type {
  ActorView,
  ClusterSummary,
  Explanation,
  Health,
  InspectorPort,
  JournalCompaction,
  MachineInfo,
  Metric,
  PostResult,
  ReplayInfo,
} from '../../src/ports/inspector.ts';
import type { TakeOver } from '../../src/core/timeline.ts';
import type { JournalInfo, JournalQuery, JournalRecord } from '../../src/ports/journal.ts';
import {
  fakeDisk,
  fakeNode,
  nodeActor,
  start,
  chainOf,
  takeOver,
  type FakeDisk,
  type FakeNode,
  type FakePath,
  type FakeProblem,
} from './fake-data.ts';

const graph = graphOf(diskPathMachine);

export class FakeInspector implements InspectorPort {
  readonly compactions: object[] = [];
  readonly node = 'n1';
  readonly version = '0.1.0';
  replay: ReplayInfo | null = null;
  now = start;
  currentHealth: Health = { live: true, ready: true, reasons: [] };
  trouble: string | null = null;
  maintenance: ClusterSummary['maintenance'] = null;
  ageMs = 140;
  index = 4711;
  nodes: FakeNode[];
  disks: FakeDisk[];
  problems: FakeProblem[];
  readonly records: JournalRecord[] = [];
  readonly posted: { id: string; event: DomainEvent; operator: { by: string; reason: string }; waitMs: number }[] = [];
  nextPost: PostResult = { accepted: true, seq: 900, state: 'enabled', intents: ['900.0'], answers: [] };
  failWith: Error | null = null;
  failReads: Error | null = null;
  readonly #followers = new Set<(record: JournalRecord) => void>();
  readonly #watchers = new Set<() => void>();

  constructor(size: { disks: number; paths: number } = { disks: 4, paths: 4 }) {
    this.nodes = ['n1', 'n2', 'n3'].map((node, at) => fakeNode(node, at));
    this.disks = Array.from({ length: size.disks }, (_, at) => fakeDisk(at + 1, size.paths));
    this.problems = [{ key: 'disks/00009', reason: 'wwn must match ^[0-9a-f]{16}$; the disk is skipped' }];
    this.#makeItInteresting();
    for (const path of this.disks.flatMap((disk) => disk.paths)) {
      this.record(path, 'lock.granted', path.local?.state ?? '');
    }
  }

  get listeners(): number {
    return this.#followers.size + this.#watchers.size;
  }

  path(disk: string, index: number): FakePath {
    const found = this.disks.find((each) => each.disk === disk)?.paths.find((each) => each.index === index);
    if (found === undefined) throw new Error(`no path ${disk}/${index}`);
    return found;
  }

  /** The path changes its owner, its own state here, or both; everybody who looks is told. */
  change(disk: string, index: number, to: Partial<FakePath>, event = 'path.changed'): void {
    const path = Object.assign(this.path(disk, index), to);
    this.index += 1;
    this.record(path, event, path.local?.state ?? 'unlocked.idle');
    this.tell();
  }

  tell(): void {
    for (const listener of this.#watchers) listener();
  }

  record(path: FakePath, type: string, state: string): JournalRecord {
    this.now += 250;
    const record: JournalRecord = {
      seq: this.records.length + 1,
      actor: `path/${path.disk}/${path.index}`,
      machine: 'disk-path@1',
      at: this.now,
      event: { type },
      value: state,
      intents: type === 'lock.granted' ? [{ type: 'portal.open', params: { ip: path.ip } }] : [],
      cause: { kind: 'consul', index: this.index, key: `paths/${path.disk}/${path.index}` },
      settles: null,
    };
    this.records.push(record);
    for (const listener of this.#followers) listener(record);
    return record;
  }

  health(): Health {
    return this.currentHealth;
  }

  actors(): readonly ActorView[] {
    if (this.failWith !== null) throw this.failWith;
    return [nodeActor(), ...this.disks.flatMap((disk) => disk.paths.flatMap((path) => this.#pathActor(path)))];
  }

  actor(id: string): ActorView | undefined {
    return this.actors().find((actor) => actor.id === id);
  }

  actorAt(id: string, seq: number): Promise<ActorView | undefined> {
    const actor = this.actor(id);
    return Promise.resolve(actor === undefined ? undefined : { ...actor, seq, state: 'unlocked.idle' });
  }

  timeline(id: string): Promise<TakeOver | null> {
    return Promise.resolve(id.startsWith('path/') ? takeOver(id) : null);
  }

  explain(id: string): Promise<Explanation | undefined> {
    const actor = this.actor(id);
    if (actor === undefined) return Promise.resolve(undefined);
    const chain = chainOf(id, actor.state);
    return Promise.resolve({
      actor: id,
      state: actor.state,
      description: actor.description,
      chain,
      recent: chain.slice(0, 3),
      waits: null,
    });
  }

  events(query: JournalQuery): Promise<readonly JournalRecord[]> {
    if (this.failReads !== null) return Promise.reject(this.failReads);
    const { actor, from = 0, to = Infinity, limit, newestFirst = false } = query;
    const found = this.records.filter(
      (record) => (actor === undefined || record.actor === actor) && record.seq >= from && record.seq <= to,
    );
    return Promise.resolve((newestFirst ? found.toReversed() : found).slice(0, limit));
  }

  follow(listener: (record: JournalRecord) => void): () => void {
    this.#followers.add(listener);
    return () => this.#followers.delete(listener);
  }

  cluster(): ClusterSummary {
    const paths = this.disks.flatMap((disk) => disk.paths);
    return {
      node: this.node,
      index: this.index,
      ageMs: this.ageMs,
      trouble: this.trouble,
      maintenance: this.maintenance,
      nodes: this.nodes.map((each) => ({ ...each, paths: paths.filter((path) => path.owner === each.node).length })),
      disks: this.disks,
      exclusions: [
        {
          session: '5c1f-dead',
          node: 'n3',
          state: 'wanted',
          method: 'command',
          by: 'n1',
          at: this.now - 4000,
          evidence: 'fence command runs',
        },
      ],
      problems: this.problems,
      replay: this.replay,
    };
  }

  onChange(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  machines(): readonly string[] {
    return ['disk-path'];
  }

  machine(name: string): MachineInfo | undefined {
    if (name !== 'disk-path' && name !== 'disk-path@1') return undefined;
    const definition = JSON.parse(JSON.stringify(diskPathMachine.config)) as Json;
    return { name: 'disk-path', version: 1, definition, graph, mermaid: toMermaid(graph) };
  }

  compactJournal(limits: { keepDays?: number; maxMegabytes?: number }): Promise<JournalCompaction> {
    this.compactions.push(limits);
    return Promise.resolve({ removed: 17, heldAt: null, usedBytes: 40_960 });
  }

  journal(): Promise<JournalInfo> {
    const { length } = this.records;
    return Promise.resolve({
      records: length,
      firstSeq: 1,
      lastSeq: length,
      sizeBytes: 81_920,
      location: '/var/lib/pathwarden/journal.db',
    });
  }

  metrics(): readonly Metric[] {
    return [
      {
        name: 'pathwarden_paths_serving',
        help: 'Paths served here',
        type: 'gauge',
        samples: [{ labels: {}, value: 5 }],
      },
      {
        name: 'pathwarden_commands_total',
        help: 'Commands run\nby kind',
        type: 'counter',
        samples: [{ labels: { kind: 'say "hi"\\' }, value: 12 }, { labels: { kind: 'lock' }, value: Infinity }],
      },
    ];
  }

  post(id: string, event: DomainEvent, operator: { by: string; reason: string }, waitMs: number): Promise<PostResult> {
    if (this.failWith !== null) return Promise.reject(this.failWith);
    this.posted.push({ id, event, operator, waitMs });
    return Promise.resolve(this.nextPost);
  }

  #makeItInteresting(): void {
    Object.assign(this.path('00001', 2), {
      moving: { from: 'n2', to: 'n1', by: 'alice', reason: 'firmware update of n2' },
      local: { state: 'unlocked.waiting', tags: ['idle'] },
    });
    Object.assign(this.path('00002', 3), {
      owner: 'n1',
      epoch: 9,
      pendingExclusion: { node: 'n3', session: '5c1f-dead' },
      local: { state: 'locking.proving.waiting', tags: ['holding'] },
    });
    Object.assign(this.path('00003', 1), {
      owner: 'n1',
      local: { state: 'mapped.conflicted', tags: ['holding', 'needsOperator'] },
    });
    Object.assign(this.path('00004', 4), { owner: null, local: { state: 'unlocked.cooling', tags: ['idle'] } });
    for (const disk of this.disks) {
      if (disk.paths.some((path) => path.owner === null || path.pendingExclusion !== null)) disk.status = 'degraded';
    }
  }

  #pathActor(path: FakePath): ActorView[] {
    if (path.local === null) return [];
    const { state, tags } = path.local;
    const node = graph.nodes.find((each) => each.id === state);
    return [
      {
        id: `path/${path.disk}/${path.index}`,
        machine: 'disk-path@1',
        state,
        description: node?.description ?? '',
        tags,
        context: {
          disk: path.disk,
          index: path.index,
          lock: { epoch: path.epoch, modifyIndex: 4698 },
          tries: 0,
          trouble: null,
        },
        since: start - 1000 * 60 * (3 + path.index * 7),
        seq: 31,
        pending: state.startsWith('mapped') ? [{ id: '31.0', type: 'address.probe', params: { ip: path.ip } }] : [],
        timers: state.startsWith('unlocked') ? [{ name: 'retry', dueInMs: 1400 }] : [],
        accepts: ['lease.lost', 'lock.lost', 'operator.release', 'path.unwanted'],
      },
    ];
  }
}
