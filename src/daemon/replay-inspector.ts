// A journal file as the inspector sees it: the past of one node, and nobody who could change it.
import type { DiskContext } from '../../machines/disk/setup.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { machineNames } from '../../machines/index.ts';
import { Replay, type Replayed } from '../core/replay.ts';
import { stateOf, tagsOf } from '../core/state.ts';
import { PathwardenError } from '../errors.ts';
import type {
  ClusterSummary, DiskSummary, Health, InspectorPort, NodeSummary, PathSummary, ReplayInfo,
} from '../ports/inspector.ts';
import type { JournalReader } from '../ports/journal.ts';
import { explainAt } from './explain.ts';
import type { History } from './history.ts';
import { machineInfo } from './machine-info.ts';
import { rebuild, viewOf } from './rebuild.ts';
import { timeline } from './timeline.ts';

/** Reads the whole file once. `version` is that of this program. */
export function replayInspector(file: JournalReader, version: string): InspectorPort {
  const past = replayed(file);
  const snapshots = Map.groupBy([...file.earlier(), ...file.snapshots()], ({ actor }) => actor);
  const history: History = {
    read: async (query) => file.read(query),
    snapshots: async (actor) => snapshots.get(actor) ?? [],
    info: async () => file.info(),
  };
  const node = file.node ?? 'unknown node';
  const views = [...past.actors.values()].map((actor) => viewOf(actor, actor.pending));
  const replay: ReplayInfo = { file: file.info().location, until: past.until, lastSeq: file.info().lastSeq };
  return {
    node,
    version,
    replay,
    health: () => healthOf(replay, past.wrong),
    actors: () => views,
    actor: (id) => views.find((each) => each.id === id),
    actorAt: (id, seq) => rebuild(history, id, seq),
    explain: (id, at) => explainAt(history, id, at),
    timeline: (id) => timeline(history, id),
    events: (query) => history.read(query),
    follow: () => nothing,
    cluster: () => summarise(node, version, past, replay),
    onChange: () => nothing,
    machines: () => machineNames,
    machine: machineInfo,
    journal: () => history.info(),
    compactJournal: () => refuse(replay),
    metrics: () => [],
    post: () => refuse(replay),
  };
}

const nothing = (): void => {};

/** Rejects: a replay is looked at, and nothing else. */
function refuse({ file }: ReplayInfo): Promise<never> {
  const text = `This is a replay of ${file}: nothing runs here that could be told anything.`;
  return Promise.reject(new PathwardenError('NOT_ACCEPTED', text, { file }));
}

interface Past {
  readonly actors: ReadonlyMap<string, Replayed>;
  /** Actors that could not be followed to the end. */
  readonly wrong: ReadonlySet<string>;
  /** Consul's index of the newest write that the node noticed. */
  readonly index: number;
  readonly until: number;
}

function replayed(file: JournalReader): Past {
  const replay = new Replay();
  const wrong = new Set<string>();
  let index = 0;
  let until = 0;
  for (const snapshot of file.snapshots()) if (replay.begin(snapshot) !== null) wrong.add(snapshot.actor);
  for (const record of file.records()) {
    if (!wrong.has(record.actor) && replay.take(record) !== null) wrong.add(record.actor);
    if (record.cause?.kind === 'consul') index = Math.max(index, record.cause.index);
    until = record.at;
  }
  return { actors: replay.actors, wrong, index, until };
}

function healthOf({ file, until }: ReplayInfo, wrong: ReadonlySet<string>): Health {
  const when = new Date(until).toISOString();
  const lost = [...wrong].map((actor) => `${actor} cannot be followed to the end: see pathwarden journal verify`);
  return { live: true, ready: false, reasons: [`replay of ${file} up to ${when}`, ...lost] };
}

function summarise(node: string, version: string, { actors, index }: Past, replay: ReplayInfo): ClusterSummary {
  const disks = [...actors.values()].flatMap((actor) => {
    const disk = actor.id.startsWith('disk/') ? diskOf(node, actor, actors) : null;
    return disk === null ? [] : [disk];
  });
  const paths = disks.flatMap((disk) => disk.paths).filter(({ owner }) => owner === node).length;
  return {
    node, index, ageMs: 0, trouble: null, maintenance: null, exclusions: [], problems: [], replay,
    nodes: [nodeOf(node, version, actors.get('node'), paths)],
    disks: disks.toSorted((a, b) => (a.disk < b.disk ? -1 : 1)),
  };
}

function nodeOf(node: string, version: string, actor: Replayed | undefined, paths: number): NodeSummary {
  const tags = actor === undefined ? [] : tagsOf(actor.snapshot);
  const session = (actor?.snapshot.context as { session?: string | null } | undefined)?.session ?? null;
  return {
    node, version, session, paths, inspector: '', draining: null, maintenance: null,
    alive: tags.includes('joined'),
    leaving: actor !== undefined && /^(leaving|left)/.test(stateOf(actor.snapshot)),
  };
}

/** What the node knew of the disk when it last had to do with it. */
function diskOf(node: string, actor: Replayed, actors: ReadonlyMap<string, Replayed>): DiskSummary | null {
  const { disk, settings } = actor.snapshot.context as DiskContext;
  if (settings === null) return null;
  const paths = [...actors.values()]
    .filter(({ id }) => id.startsWith(`path/${disk}/`))
    .map((path) => pathOf(node, path))
    .toSorted((a, b) => a.index - b.index);
  const isHeld = paths.some(({ owner }) => owner !== null);
  return { disk, desired: 'started', status: isHeld ? 'started' : 'not held here', ...settings, paths };
}

/** Who else may have had it, the journal of this node does not say. */
function pathOf(node: string, { snapshot }: Replayed): PathSummary {
  const { disk, index, settings, lock, evidence } = snapshot.context as DiskPathContext;
  const tags = tagsOf(snapshot);
  return {
    disk, index,
    ip: settings?.ip ?? '',
    owner: tags.includes('holding') ? node : null,
    epoch: lock?.epoch ?? 0,
    pendingExclusion: evidence,
    local: { state: stateOf(snapshot), tags },
    waits: null,
    moving: null,
  };
}
