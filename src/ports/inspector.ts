// What the inspector (HTTP, UI, CLI) sees of a running daemon, and the one way in for operators.
import type { DomainEvent, Json } from '../../machines/intent.ts';
import type { TakeOver } from '../core/timeline.ts';
import type { Login } from './dataplane.ts';
import type { Cause, JournalInfo, JournalQuery, JournalRecord } from './journal.ts';

/** An actor as of its last committed record. */
export interface ActorView {
  readonly id: string;
  /** `disk-path@1` */
  readonly machine: string;
  /** Dotted state path, e.g. `mapped.opening`. */
  readonly state: string;
  /** The state's own sentence: "the path is …". */
  readonly description: string;
  readonly tags: readonly string[];
  readonly context: Json;
  /** Wall clock milliseconds of the last change of state. */
  readonly since: number;
  /** Seq of the last record of this actor. */
  readonly seq: number;
  readonly pending: readonly { readonly id: string; readonly type: string; readonly params: Json }[];
  readonly timers: readonly { readonly name: string; readonly dueInMs: number }[];
  /** Event types that this state reacts to. */
  readonly accepts: readonly string[];
}

/** One step back in the chain of causes. The first is the latest; the last has no known cause. */
export interface ExplainStep {
  readonly seq: number;
  readonly actor: string;
  readonly at: number;
  readonly event: DomainEvent;
  readonly state: string;
  readonly cause: Cause | null;
  /** One sentence for people. */
  readonly text: string;
}

export interface Explanation {
  readonly actor: string;
  readonly state: string;
  readonly description: string;
  /** Latest first: why the actor is where it is, walked back to its first cause. */
  readonly chain: readonly ExplainStep[];
  /** The last records of the actor, latest first. */
  readonly recent: readonly ExplainStep[];
  /** What a path waits for because of maintenance, in one sentence; null when it does not, and of the past. */
  readonly waits: string | null;
}

export interface PathSummary {
  readonly disk: string;
  readonly index: number;
  readonly ip: string;
  /** Node that holds the lock by Consul; null when nobody does. */
  readonly owner: string | null;
  readonly epoch: number;
  /** Owner before, whose exclusion is not proven yet. */
  readonly pendingExclusion: { readonly node: string; readonly session: string } | null;
  /** This node's own actor: its dotted state and tags; null when it has none. */
  readonly local: { readonly state: string; readonly tags: readonly string[] } | null;
  /** What the path waits for because of maintenance, in one sentence; null when it does not. */
  readonly waits: string | null;
  readonly moving: {
    readonly from: string;
    readonly to: string | null;
    readonly by: string;
    readonly reason: string;
  } | null;
}

export interface DiskSummary {
  readonly disk: string;
  readonly desired: 'started' | 'stopped';
  /** `stopped`, `starting`, `started`, `degraded` (some paths unserved), `stopping` */
  readonly status: string;
  readonly iqn: string;
  readonly wwn: string;
  readonly backstore: Json;
  readonly access: Json;
  readonly paths: readonly PathSummary[];
  /** Who was logged in at this node when it last looked. Missing: nobody that the target names. */
  readonly logins?: readonly Login[];
}

/** Nobody is fenced, and nothing is taken whose last owner is not proven unable to write. */
export interface MaintenanceSummary {
  readonly by: string;
  readonly reason: string;
  /** Wall clock milliseconds. */
  readonly since: number;
  /** Ends by itself about then, wall clock milliseconds; null: when somebody ends it. */
  readonly until: number | null;
}

export interface NodeSummary {
  readonly node: string;
  readonly alive: boolean;
  readonly draining: { readonly by: string; readonly reason: string } | null;
  /** Its own, not that of the cluster. */
  readonly maintenance: MaintenanceSummary | null;
  readonly leaving: boolean;
  readonly inspector: string;
  readonly version: string;
  readonly session: string | null;
  /** Paths whose lock the node holds. */
  readonly paths: number;
  /** Milliseconds since it answered directly; null: not in this incarnation. Missing: peers are off. */
  readonly heardMs?: number | null;
}

export interface ExclusionSummary {
  readonly session: string;
  readonly node: string;
  readonly state: 'wanted' | 'proven' | 'failed';
  readonly method: string;
  readonly by: string;
  readonly at: number;
  readonly evidence: string;
}

/** What Consul says now, as this node last saw it. */
export interface ClusterSummary {
  readonly node: string;
  readonly index: number;
  /** Milliseconds since the last good contact with Consul. */
  readonly ageMs: number;
  readonly trouble: string | null;
  /** Of the whole cluster. */
  readonly maintenance: MaintenanceSummary | null;
  readonly nodes: readonly NodeSummary[];
  readonly disks: readonly DiskSummary[];
  readonly exclusions: readonly ExclusionSummary[];
  /** Keys that could not be understood: skipped, said, left alone. */
  readonly problems: readonly { readonly key: string; readonly reason: string }[];
  /** Not now, but as a journal file holds it; null: now. */
  readonly replay: ReplayInfo | null;
}

export interface Health {
  /** The commit loop and the journal answer. */
  readonly live: boolean;
  /** Live, joined to Consul, recovered. */
  readonly ready: boolean;
  /** Why not ready; empty when ready. */
  readonly reasons: readonly string[];
  /** What a person should know although it stops nothing. */
  readonly notes?: readonly string[];
}

export interface JournalCompaction {
  readonly removed: number;
  /** The oldest record that had to go and may not: recovery needs it. */
  readonly heldAt: number | null;
  readonly usedBytes: number;
}

export type PostResult =
  | {
      readonly accepted: true;
      readonly seq: number;
      readonly state: string;
      /** Ids of the intents that the event asked for. */
      readonly intents: readonly string[];
      /** The events that answered them, when the caller waited. */
      readonly answers: readonly DomainEvent[];
    }
  | { readonly accepted: false; readonly state: string; readonly accepts: readonly string[] };

export interface Metric {
  /** Prometheus name, with its unit last: `pathwarden_commit_seconds_total`. */
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

export interface MachineInfo {
  readonly name: string;
  readonly version: number;
  /** The machine's config as JSON. */
  readonly definition: Json;
  /** Nodes and edges as core/graph makes them. */
  readonly graph: Json;
  readonly mermaid: string;
}

/** Nothing runs: what is shown is the past, as a journal file holds it. */
export interface ReplayInfo {
  readonly file: string;
  /** Wall clock milliseconds of the last record, and its seq. */
  readonly until: number;
  readonly lastSeq: number;
}

export interface InspectorPort {
  readonly node: string;
  readonly version: string;
  /** Null: a daemon runs. */
  readonly replay: ReplayInfo | null;
  health(): Health;
  actors(): readonly ActorView[];
  actor(id: string): ActorView | undefined;
  /** As the actor was right after record `seq`. Rejects with `NOT_FOUND` when that was compacted away. */
  actorAt(id: string, seq: number): Promise<ActorView | undefined>;
  /** Now, or as of a wall clock millisecond. */
  explain(id: string, at?: number): Promise<Explanation | undefined>;
  /** The last take-over of a path by this node; null when there is none in the journal. */
  timeline(id: string): Promise<TakeOver | null>;
  events(query: JournalQuery): Promise<readonly JournalRecord[]>;
  /** Calls back with each committed record. Returns what ends it. */
  follow(listener: (record: JournalRecord) => void): () => void;
  cluster(): ClusterSummary;
  /** Calls back when the cluster view or an actor's state changed (coalesced by the caller). Returns what ends it. */
  onChange(listener: () => void): () => void;
  machines(): readonly string[];
  machine(name: string): MachineInfo | undefined;
  journal(): Promise<JournalInfo>;
  /** Removes old records now, by the node's own limits where none are given. */
  compactJournal(limits: { readonly keepDays?: number; readonly maxMegabytes?: number }): Promise<JournalCompaction>;
  metrics(): readonly Metric[];
  /**
   * Tells an actor an operator event (`operator.*` only; the actor `disk/<id>` is made for `operator.add`).
   * With `waitMs` > 0 the answers of the intents it asked for are waited for, that long at most.
   */
  post(id: string, event: DomainEvent, operator: { by: string; reason: string }, waitMs: number): Promise<PostResult>;
}
