// Proof that a lost incarnation can no longer write: by command, by reading back, or by an operator's word.
import { maintenanceOver } from '../../core/maintenance.ts';
import { keys, type ExclusionRecord } from '../../core/records.ts';
import { stateOf } from '../../core/state.ts';
import { readExclusion, type ClusterView } from '../../core/view.ts';
import type { ClusterEntry } from '../../ports/cluster.ts';
import { done, refused, type Outcome } from '../../ports/outcome.ts';
import type { Effects, Facts } from '../dispatcher.ts';
import { wantedExclusions } from '../translate-exclusions.ts';
import { sentenceOf } from '../waits.ts';
import { holdsLocally, readView, servedWithoutRight } from './left-served.ts';
import { consulOptions, type EffectParts } from './parts.ts';

type Params = Readonly<Record<string, unknown>>;
type Answer = Promise<Outcome<Facts | null>>;

export function exclusionEffects(parts: EffectParts): Effects {
  return {
    'fence.run': (params, { signal }) => fence(parts, params, signal),
    'exclusion.publish': (params) => publish(parts, params),
    'exclusion.prove': (params) => prove(parts, String(params['session'])),
    'exclusion.confirm': (params) => confirm(parts, params),
  };
}

async function fence(parts: EffectParts, params: Params, signal: AbortSignal): Answer {
  const node = String(params['node']);
  const session = String(params['session']);
  const position = Number(params['position']);
  if (node === parts.settings.node) return refused('a node does not fence itself');
  const port = parts.fences[position];
  if (port === undefined) return refused(unfit(parts, position, node));
  // Asked for by the last daemon, perhaps long ago: the node may be back, and nobody waits for its end any more.
  await parts.viewed();
  if (await isProven(parts, session)) return refused('it is proven already', 'proven');
  const maintenance = maintenanceOver(parts.view(), node);
  if (maintenance !== null) return refused(sentenceOf(maintenance), 'maintenance');
  const deadlineMs = parts.settings.fenceDeadlinesMs[position] ?? 0;
  const outcome = await port.fence({ node, session }, { deadlineMs, signal });
  return outcome.kind === 'done' ? done({ ...outcome.value }) : outcome;
}

/**
 * Asked of Consul itself: the view may be a moment older than the proof, and the node may be back and serve. When
 * Consul does not answer the view counts: that the node was lost was read there.
 */
async function isProven(parts: EffectParts, session: string): Promise<boolean> {
  if (parts.view().exclusions.get(session)?.value.state === 'proven') return true;
  const read = await parts.cluster.read(keys.exclusion(session), consulOptions(parts));
  return read.kind === 'done' && isProof(read.value);
}

const isProof = (entry: ClusterEntry | null): boolean =>
  entry !== null && readExclusion(entry.value)?.state === 'proven';

function unfit(parts: EffectParts, position: number, node: string): string {
  const method = parts.settings.methods[position];
  if (method?.method !== 'leaseBound') return `exclusion method ${String(position + 1)} runs no program here`;
  const record = parts.view().nodes.get(node)?.record;
  const says = record?.standstillMs;
  const isUnasked = record?.asks !== undefined && !record.asks.includes(parts.session() ?? '');
  const late =
    says === undefined ? 'no record says that a watchdog stops it' : `it may take ${String(says)} ms to stop`;
  const why = isUnasked ? 'it may go on without Consul, and does not ask this node' : late;
  return `leaseBound of ${String(method.boundMs)} ms proves nothing about ${node}: ${why}`;
}

async function publish(parts: EffectParts, params: Params): Answer {
  const session = String(params['session']);
  const record: ExclusionRecord = {
    node: String(params['node']),
    state: params['state'] as ExclusionRecord['state'],
    method: String(params['method']),
    by: parts.settings.node,
    at: parts.clock.wallMs(),
    evidence: String(params['evidence']),
  };
  if (record.state === 'proven') return write(parts, session, record);
  // A proof is never overwritten: somebody may have found one while we failed.
  const before = await parts.cluster.read(keys.exclusion(session), consulOptions(parts));
  if (before.kind !== 'done') return before;
  if (isProof(before.value)) return done(null);
  return write(parts, session, record, before.value?.modifyIndex ?? 0);
}

async function write(
  parts: EffectParts,
  session: string,
  record: ExclusionRecord,
  expectedModifyIndex?: number,
): Answer {
  const guarded = expectedModifyIndex === undefined ? {} : { expectedModifyIndex };
  const request = { key: keys.exclusion(session), value: JSON.stringify(record), ...guarded };
  const outcome = await parts.cluster.put(request, consulOptions(parts));
  return outcome.kind === 'done' ? done(null) : outcome;
}

/** Own proof: no path actor holds anything under that session, and the node itself shows nothing. */
export async function prove(parts: EffectParts, session: string): Answer {
  if (session === '') return done({ session });
  const mine = session === parts.session();
  const busy = [...parts.registry.all()].find(({ id, snapshot }) =>
    mine ? holdsLocally(id, stateOf(snapshot)) : isFenced(id, stateOf(snapshot)),
  );
  if (busy !== undefined) return refused(`${busy.id} is not torn down yet`);
  const view = await readView(parts);
  if (view.kind !== 'done') return view;
  const unable = cannotProve(parts, session, view.value);
  if (unable !== null) return refused(unable);
  const served = await servedWithoutRight(parts, view.value);
  if (served.kind !== 'done') return served;
  if (served.value !== null) return refused(`${served.value} is still served here`);
  const outcome = await write(parts, session, {
    node: parts.settings.node,
    state: 'proven',
    method: 'self',
    by: parts.settings.node,
    at: parts.clock.wallMs(),
    evidence: 'read back: no path of that session is served here',
  });
  return outcome.kind === 'done' ? done({ session }) : outcome;
}

/** What is being torn down has no right to serve, under whichever session it once did. */
const isFenced = (id: string, state: string) => id.startsWith('path/') && state.startsWith('fenced');

/** Why reading back would say nothing about that session, or null. */
function cannotProve({ settings }: EffectParts, session: string, view: ClusterView): string | null {
  const own = view.nodes.get(settings.node);
  if (own?.session === session && own.record.bootId !== settings.bootId) {
    return 'that session lives on, and was opened on another boot of this host, or on a copy of it';
  }
  const unread = [...view.locks.values()].find(
    ({ disk, evidence }) => evidence?.session === session && view.problems.some(({ key }) => key === keys.disk(disk)),
  );
  return unread === undefined ? null : `the specification of disk ${unread.disk} cannot be understood`;
}

async function confirm(parts: EffectParts, params: Params): Answer {
  const node = String(params['node']);
  await parts.viewed();
  const view = parts.view();
  if ((view.nodes.get(node)?.session ?? null) !== null) {
    return refused(`node ${node} is alive in Consul: drain it, or stop its daemon`, 'alive');
  }
  const sessions = [...wantedExclusions(view)].filter(([, lost]) => lost === node).map(([session]) => session);
  if (sessions.length === 0) return refused(`no path waits for node ${node}`, 'unneeded');
  for (const session of sessions) {
    const outcome = await write(parts, session, {
      node,
      state: 'proven',
      method: 'operator',
      by: String(params['by']),
      at: parts.clock.wallMs(),
      evidence: String(params['reason']),
    });
    if (outcome.kind !== 'done') return outcome;
  }
  return done({ sessions });
}
