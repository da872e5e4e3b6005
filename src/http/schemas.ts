// What the inspector answers and takes, as schemas: they check requests, make the OpenAPI document and type the CLI.
import { Type, type Static, type TSchema } from 'typebox';

const list = <Item extends TSchema>(item: Item) => Type.Immutable(Type.Array(item));
const nullable = <Item extends TSchema>(item: Item) => Type.Union([item, Type.Null()]);
const text = (description: string) => Type.String({ description });
const milliseconds = (description: string) => Type.Number({ description: `${description}, milliseconds` });
const AnyJson = Type.Unknown({ description: 'Any JSON value' });

export const ErrorBody = Type.Object({
  code: Type.String({ description: 'Stable word for programs', examples: ['NOT_FOUND'] }),
  message: text('What happened, to what, and what to do'),
  facts: Type.Record(Type.String(), Type.Unknown()),
});

export const Health = Type.Object({
  live: Type.Boolean({ description: 'The commit loop and the journal answer' }),
  ready: Type.Boolean({ description: 'Live, joined to Consul, recovered' }),
  reasons: list(text('Why it is not ready')),
  notes: Type.Optional(list(text('What a person should know although it stops nothing'))),
});

export const Event = Type.Object({ type: Type.String({ examples: ['lock.granted'] }) }, { additionalProperties: true });

export const Cause = Type.Union([
  Type.Object({ kind: Type.Literal('intent'), id: Type.String() }),
  Type.Object({
    kind: Type.Literal('consul'),
    index: Type.Number({ description: 'Consul index of the write' }),
    key: Type.Optional(Type.String()),
    by: Type.Optional(text('Who wrote it, where Consul knows')),
  }),
  Type.Object({ kind: Type.Literal('operator'), by: Type.String(), reason: Type.String() }),
  Type.Object({ kind: Type.Literal('local'), what: Type.String() }),
]);

export const ActorBrief = Type.Object({
  id: Type.String({ examples: ['path/00001/1'] }),
  machine: Type.String({ examples: ['disk-path@1'] }),
  state: Type.String({ description: 'Dotted state path', examples: ['mapped.opening'] }),
  description: text('The state in one sentence'),
  tags: list(Type.String()),
  since: milliseconds('Wall clock of the last change of state'),
});

export const ActorView = Type.Object({
  ...ActorBrief.properties,
  context: AnyJson,
  seq: Type.Number({ description: 'Seq of the last record of this actor' }),
  pending: list(Type.Object({ id: Type.String(), type: Type.String(), params: AnyJson })),
  timers: list(Type.Object({ name: Type.String(), dueInMs: milliseconds('Time until it fires') })),
  accepts: list(text('Event type that this state reacts to')),
});

export const ExplainStep = Type.Object({
  seq: Type.Number(),
  actor: Type.String(),
  at: milliseconds('Wall clock'),
  event: Event,
  state: Type.String(),
  cause: nullable(Cause),
  text: text('One sentence for people'),
});

export const Explanation = Type.Object({
  actor: Type.String(),
  state: Type.String(),
  description: Type.String(),
  chain: list(ExplainStep),
  recent: list(ExplainStep),
  waits: nullable(text('What a path waits for because of maintenance')),
});

const Phase = Type.Object({
  name: Type.String({ examples: ['portal'] }),
  startMs: milliseconds('Since the take-over began; negative for what had begun before'),
  tookMs: milliseconds('For how long'),
  actor: Type.String(),
  seq: Type.Number({ description: 'Seq of the record that began it' }),
  within: nullable(text('The phase that it is a part of, beside others')),
  isOver: Type.Boolean(),
});

export const TakeOver = Type.Object({
  path: Type.String({ examples: ['path/00001/1'] }),
  at: milliseconds('Wall clock of its begin'),
  tookMs: milliseconds('Until the path was served, or until the last record'),
  state: text('Where it ended, or is'),
  isServed: Type.Boolean(),
  phases: list(Phase),
});

export const JournalRecord = Type.Object({
  seq: Type.Number(),
  actor: Type.String(),
  machine: Type.String(),
  at: milliseconds('Wall clock'),
  event: Event,
  value: AnyJson,
  intents: list(Type.Object({ type: Type.String(), params: Type.Record(Type.String(), AnyJson) })),
  cause: nullable(Cause),
  settles: nullable(text('Id of the intent that the event answers')),
});

export const JournalLimits = Type.Object(
  {
    by: Type.String({ minLength: 1, maxLength: 200 }),
    keepDays: Type.Optional(Type.Number({ minimum: 0, description: "The node's own setting when left out" })),
    maxMegabytes: Type.Optional(Type.Number({ minimum: 0, description: "The node's own setting when left out" })),
  },
  { additionalProperties: false },
);

export const JournalCompaction = Type.Object({
  removed: Type.Number(),
  heldAt: nullable(Type.Number({ description: 'The oldest record that had to go and that recovery needs' })),
  usedBytes: Type.Number(),
});

export const JournalInfo = Type.Object({
  records: Type.Number(),
  firstSeq: Type.Number(),
  lastSeq: Type.Number(),
  sizeBytes: Type.Number(),
  location: Type.String(),
});

const PathSummary = Type.Object({
  disk: Type.String(),
  index: Type.Number(),
  ip: Type.String(),
  owner: nullable(text('Node that holds the lock by Consul')),
  epoch: Type.Number(),
  pendingExclusion: nullable(Type.Object({ node: Type.String(), session: Type.String() })),
  local: nullable(Type.Object({ state: Type.String(), tags: list(Type.String()) })),
  waits: nullable(text('What it waits for because of maintenance')),
  moving: nullable(
    Type.Object({ from: Type.String(), to: nullable(Type.String()), by: Type.String(), reason: Type.String() }),
  ),
});

const DiskSummary = Type.Object({
  disk: Type.String(),
  desired: Type.Union([Type.Literal('started'), Type.Literal('stopped')]),
  status: Type.String({ examples: ['started', 'degraded'] }),
  iqn: Type.String(),
  wwn: Type.String(),
  backstore: AnyJson,
  access: AnyJson,
  paths: list(PathSummary),
  logins: Type.Optional(
    list(Type.Object({ initiator: Type.String(), address: nullable(Type.String()), state: Type.String() })),
  ),
});

const Maintenance = Type.Object({
  by: Type.String(),
  reason: Type.String(),
  since: milliseconds('Wall clock'),
  until: nullable(milliseconds('Wall clock, about: it ends by itself then')),
});

const NodeSummary = Type.Object({
  node: Type.String(),
  alive: Type.Boolean(),
  draining: nullable(Type.Object({ by: Type.String(), reason: Type.String() })),
  maintenance: nullable(Maintenance),
  leaving: Type.Boolean(),
  inspector: text("The URL of that node's inspector; may be empty"),
  version: Type.String(),
  session: nullable(Type.String()),
  paths: Type.Number({ description: 'Paths whose lock the node holds' }),
  heardMs: Type.Optional(nullable(milliseconds('Time since it answered directly'))),
});

const ExclusionSummary = Type.Object({
  session: Type.String(),
  node: Type.String(),
  state: Type.Union([Type.Literal('wanted'), Type.Literal('proven'), Type.Literal('failed')]),
  method: Type.String(),
  by: Type.String(),
  at: milliseconds('Wall clock'),
  evidence: Type.String(),
});

export const ClusterSummary = Type.Object({
  node: Type.String(),
  index: Type.Number(),
  ageMs: milliseconds('Time since the last good contact with Consul'),
  trouble: nullable(Type.String()),
  maintenance: nullable(Maintenance),
  nodes: list(NodeSummary),
  disks: list(DiskSummary),
  exclusions: list(ExclusionSummary),
  problems: list(Type.Object({ key: Type.String(), reason: Type.String() })),
  replay: nullable(Type.Object({
    file: text('The journal that is shown'),
    until: milliseconds('Wall clock of its last record'),
    lastSeq: Type.Number(),
  })),
});

/** Sent by `/v1/stream` whenever something changed. */
export const Board = Type.Object({
  at: milliseconds('Wall clock'),
  version: Type.String(),
  health: Health,
  cluster: ClusterSummary,
  actors: list(ActorBrief),
});

/** Sent by `/v1/stream` every second, whether or not something changed. */
export const Pulse = Type.Object({
  at: milliseconds('Wall clock'),
  health: Health,
  index: Type.Number(),
  ageMs: milliseconds('Time since the last good contact with Consul'),
  trouble: nullable(Type.String()),
});

export const MachineInfo = Type.Object({
  name: Type.String(),
  version: Type.Number(),
  definition: AnyJson,
  graph: AnyJson,
  mermaid: Type.String(),
});

export const Serving = Type.Object({ serving: Type.Boolean(), node: Type.String(), state: nullable(Type.String()) });

export const PostAccepted = Type.Object({
  accepted: Type.Literal(true),
  seq: Type.Number(),
  state: Type.String(),
  intents: list(text('Id of an intent that the event asked for')),
  answers: list(Event),
});

export const PostRefused = Type.Object({
  accepted: Type.Literal(false),
  state: Type.String(),
  accepts: list(text('Event type that would be accepted')),
});

export type ErrorBody = Static<typeof ErrorBody>;
export type Health = Static<typeof Health>;
export type ActorBrief = Static<typeof ActorBrief>;
export type ActorView = Static<typeof ActorView>;
export type ExplainStep = Static<typeof ExplainStep>;
export type Explanation = Static<typeof Explanation>;
export type TakeOver = Static<typeof TakeOver>;
export type JournalRecord = Static<typeof JournalRecord>;
export type JournalInfo = Static<typeof JournalInfo>;
export type ClusterSummary = Static<typeof ClusterSummary>;
export type Board = Static<typeof Board>;
export type Pulse = Static<typeof Pulse>;
export type MachineInfo = Static<typeof MachineInfo>;
export type Serving = Static<typeof Serving>;
export type PostAccepted = Static<typeof PostAccepted>;
export type PostRefused = Static<typeof PostRefused>;
