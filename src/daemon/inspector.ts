// The daemon as the inspector sees it.
import type { DomainEvent, Json } from '../../machines/intent.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import { machineNames } from '../../machines/index.ts';
import { intentId } from '../core/pending.ts';
import { actorIds } from '../core/records.ts';
import { accepted } from '../core/step.ts';
import { describe, stateOf, tagsOf } from '../core/state.ts';
import { PathwardenError } from '../errors.ts';
import type { ActorView, Health, InspectorPort, PostResult } from '../ports/inspector.ts';
import type { Actor } from './actor.ts';
import type { Daemon } from './daemon.ts';
import { explainAt } from './explain.ts';
import { machineInfo } from './machine-info.ts';
import { metricsOf } from './metrics.ts';
import { rebuild } from './rebuild.ts';
import { summarise } from './summary.ts';
import { timeline } from './timeline.ts';
import { waitsFor } from './waits.ts';

export function inspectorOf(daemon: Daemon): InspectorPort {
  const { engine, journal, settings } = daemon;
  const viewOf = ({ snapshot, ...actor }: Actor): ActorView => ({
    id: actor.id,
    machine: actor.kind.definition.label,
    state: stateOf(snapshot),
    description: describe(snapshot),
    tags: tagsOf(snapshot),
    context: snapshot.context as Json,
    since: actor.since,
    seq: actor.seq,
    pending: [...actor.pending].map(([id, { type, params }]) => ({ id, type, params })),
    timers: engine.timers.of(actor.id),
    // Dear, and most readers do not look at it.
    get accepts() {
      return accepted(snapshot);
    },
  });
  const waits = (id: string) => (id.startsWith('path/') ? waitsFor(daemon.view, id.slice('path/'.length)) : null);
  return {
    node: settings.node,
    version: settings.version,
    replay: null,
    health: () => healthOf(daemon),
    actors: () => [...engine.registry.all()].map(viewOf),
    actor: (id) => {
      const actor = engine.registry.get(id);
      return actor === undefined ? undefined : viewOf(actor);
    },
    actorAt: (id, seq) => rebuild(journal, id, seq),
    explain: async (id, at) => {
      const explanation = await explainAt(journal, id, at);
      return explanation === undefined || at !== undefined ? explanation : { ...explanation, waits: waits(id) };
    },
    timeline: (id) => timeline(journal, id),
    events: (query) => journal.read(query),
    follow: (listener) => engine.follow(listener),
    cluster: () => summarise(daemon),
    onChange: (listener) => daemon.onChange(listener),
    machines: () => machineNames,
    machine: machineInfo,
    journal: () => journal.info(),
    compactJournal: ({ keepDays, maxMegabytes }) => {
      const { keepDays: days, maxMegabytes: megabytes } = settings.retention ?? keepEverything;
      return engine.retention.compact({ keepDays: keepDays ?? days, maxMegabytes: maxMegabytes ?? megabytes });
    },
    metrics: () => metricsOf(daemon),
    post: (id, event, operator, waitMs) => post(daemon, id, event, operator, waitMs),
  };
}

const keepEverything = { keepDays: 1_000_000, maxMegabytes: Infinity };

function healthOf(daemon: Daemon): Health {
  const node = daemon.engine.registry.ensure(actorIds.node);
  const { consul, journal, dataPlane } = daemon.troubles;
  const reasons: string[] = [];
  if (!daemon.hasStarted) return { live: true, ready: false, reasons: ['the journal is being recovered'] };
  if (journal !== null) reasons.push(`journal: ${journal}`);
  if (consul !== null) reasons.push(`consul: ${consul}`);
  if (dataPlane !== null) reasons.push(`data plane: ${dataPlane}`);
  if (!tagsOf(node.snapshot).includes('joined')) {
    const { trouble } = node.snapshot.context as NodeContext;
    reasons.push(`node: ${describe(node.snapshot)}${trouble === null ? '' : ` (${trouble})`}`);
  }
  const { setAside } = daemon.engine;
  const notes = [
    ...(setAside === null ? [] : [`journal: it was damaged and is set aside as ${setAside.location} ` +
      `(${setAside.reason})`]),
    ...failsafeNote(daemon, node.snapshot.context as NodeContext),
  ];
  // A disk that is full or hangs is no reason to restart: the lease needs this process, and the next one the disk.
  const live = !daemon.engine.scribe.isLost;
  return { live, ready: reasons.length === 0, reasons, ...(notes.length > 0 && { notes }) };
}

function failsafeNote({ peers, lease }: Daemon, { vouchedBy }: NodeContext): readonly string[] {
  const trouble = peers?.failsafe.trouble ?? null;
  const leftS = String(Math.ceil(lease.remainingMs / 1000));
  if (trouble !== null) return [`failsafe: ${trouble}; without Consul this node stops serving in ${leftS} s`];
  if (peers?.failsafe.isOn !== true || !vouchedBy) return [];
  return [`failsafe: Consul is away, and ${vouchedBy.join(', ')} vouch for this node`];
}

async function post(
  daemon: Daemon,
  id: string,
  event: DomainEvent,
  operator: { by: string; reason: string },
  waitMs: number,
): Promise<PostResult> {
  const { engine, clock } = daemon;
  if (!daemon.hasStarted) {
    const what = `The daemon is still recovering its journal: ${event.type} for ${id} was not taken. Ask again soon.`;
    throw new PathwardenError('NOT_ACCEPTED', what, { actor: id });
  }
  const actor = engine.registry.ensure(id);
  const answers: DomainEvent[] = [];
  const open = new Set<string>();
  let settled: () => void = () => {};
  const early = new Map<string, DomainEvent>();
  const stop = engine.follow(({ settles, event: answer }) => {
    if (settles === null) return;
    if (open.delete(settles)) answers.push(answer);
    else early.set(settles, answer);
    if (open.size === 0) settled();
  });
  try {
    const receipt = await engine.post(id, { ...event, ...operator }, {
      kind: 'operator',
      ...operator,
    });
    if (receipt.kind === 'ignored') {
      return { accepted: false, state: stateOf(actor.snapshot), accepts: accepted(actor.snapshot) };
    }
    const { record } = receipt;
    const intents = record.intents.map((_, position) => intentId(record.seq, position));
    for (const intent of intents) {
      const answer = early.get(intent);
      if (answer === undefined) open.add(intent);
      else answers.push(answer);
    }
    if (waitMs > 0 && open.size > 0) {
      await new Promise<void>((resolve) => {
        const cancel = clock.after(waitMs, resolve);
        settled = () => (cancel(), resolve());
      });
    }
    return { accepted: true, seq: record.seq, state: stateOf(actor.snapshot), intents, answers };
  } finally {
    stop();
  }
}
