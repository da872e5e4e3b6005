// From what Consul says to what actors are told. Pure and level-triggered: it compares the view with where the
// actors are, so that a missed or repeated view changes nothing.
import type { DomainEvent } from '../../machines/intent.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { PathSettings } from '../../machines/disk-path/events.ts';
import { maintenanceOver } from '../core/maintenance.ts';
import { place, type Placement, queuePositions } from '../core/placement.ts';
import { actorIds, keys, type Incarnation } from '../core/records.ts';
import type { ClusterView, PathLock } from '../core/view.ts';
import { tellExclusions } from './translate-exclusions.ts';
import { tellMaintenance } from './translate-maintenance.ts';
import type { Local, LocalPath } from './local.ts';
import { planMoves } from './pace.ts';
import { diskSettings, isKnown, pathSettings } from './specified.ts';
import type { Tell, Told } from './told.ts';
import { waitsFor } from './waits.ts';
import { causeOf } from './writer.ts';

const moveExpiryMs = 10_000;
/** What a node that has many paths to take may need for each, before the next best one tries. */
const queueDelayMs = 10;

/** What the actors of this node have to be told now. */
export function translate(view: ClusterView, local: Local): readonly Told[] {
  const told: Told[] = [];
  const tell = (actor: string, event: DomainEvent, key: string) =>
    told.push({ actor, event, cause: causeOf(view, key) });

  tellNode(view, local, tell);
  tellSpecifications(view, local, tell);
  if (!local.joined && !local.leaving) return told;

  const ranks = place(view);
  const placement = {
    ranks: local.joined ? ranks : new Map<string, never>(),
    positions: queuePositions(ranks),
    mayMove: planMoves(view, local, ranks),
  };
  for (const path of local.paths.values()) tellPath(view, local, placement, path, tell);
  if (local.joined) {
    tellExclusions(view, local, tell);
    tellMaintenance(view, local, tell);
  }
  return told;
}

interface Places {
  readonly ranks: Placement;
  readonly positions: ReadonlyMap<string, number>;
  /** May this served path be given up in this look because the node shall be empty? */
  readonly mayMove: (path: LocalPath) => boolean;
}

function tellNode(view: ClusterView, local: Local, tell: Tell): void {
  if (!local.leased || local.session === null) return;
  const entry = view.nodes.get(local.node);
  const seenAt = entry?.modifyIndex ?? view.index;
  const isUnreadable = view.problems.some(({ key }) => key === keys.node(local.node));
  if (!isUnreadable && local.registeredAt > 0 && seenAt > local.registeredAt && entry?.session !== local.session) {
    tell(
      actorIds.node,
      { type: 'session.lost', reason: 'Consul shows our node record without our session' } as DomainEvent,
      keys.node(local.node),
    );
  }
  if (local.leaving && [...local.paths.values()].every((path) => path.tags.includes('idle'))) {
    tell(actorIds.node, { type: 'node.emptied' }, keys.node(local.node));
  }
}

/** Specifications of disks whose key cannot be read are left as they were. */
function tellSpecifications(view: ClusterView, local: Local, tell: Tell): void {
  const unreadable = new Set(view.problems.map(({ key }) => key));
  for (const [disk, { value: spec }] of view.disks) {
    const actor = local.disks.get(disk);
    const settings = diskSettings(spec);
    if ((actor === undefined || actor.idle) && !isKnown(actor?.settings, settings)) {
      tell(actorIds.disk(disk), { type: 'disk.specified', settings } as DomainEvent, keys.disk(disk));
    }
    for (const path of spec.paths)
      tellPathSpecification(local, disk, pathSettings(spec, path, local.portalPort), path.index, tell);
  }
  for (const path of local.paths.values()) {
    const key = keys.disk(path.disk);
    const spec = view.disks.get(path.disk)?.value;
    if (unreadable.has(key) || spec?.paths.some(({ index }) => index === path.index) === true) continue;
    if (path.top === 'unlocked' && path.context.settings !== null) tell(path.id, { type: 'path.withdrawn' }, key);
  }
  for (const [disk, actor] of local.disks) {
    if (view.disks.has(disk) || unreadable.has(keys.disk(disk))) continue;
    if (actor.idle && actor.settings !== null) tell(actorIds.disk(disk), { type: 'disk.withdrawn' }, keys.disk(disk));
  }
}

function tellPathSpecification(local: Local, disk: string, settings: PathSettings, index: number, tell: Tell): void {
  const id = actorIds.path(disk, index);
  const actor = local.paths.get(id);
  const mayLearn = actor === undefined || actor.top === 'unlocked';
  if (mayLearn && !isKnown(actor?.context.settings, settings)) {
    tell(id, { type: 'path.specified', settings } as DomainEvent, keys.disk(disk));
  }
}

function tellPath(view: ClusterView, local: Local, placement: Places, path: LocalPath, tell: Tell): void {
  const id = `${path.disk}/${String(path.index)}`;
  const key = keys.path(path.disk, path.index);
  if (view.problems.some((problem) => problem.key === key || problem.key === keys.disk(path.disk))) return;
  const lock = view.locks.get(id);
  const say = (event: { type: string } & Record<string, unknown>) => tell(path.id, event, key);

  // Our own release may show in the view before its answer is in; nothing of the path is left here by then.
  const isReleasing = path.state.startsWith('releasing.unlocking');
  const found = path.top === 'enabled' && local.isUntouched(path.id) ? adoption(local, path.context, lock) : null;
  if (found !== null) say(found);
  if (found?.type === 'path.outdated') return;
  const lost = isReleasing ? null : lostReason(view, local, path.context, lock);
  if (lost !== null) return say({ type: 'lock.lost', reason: lost });

  const unwanted = unwantedReason(view, local, path);
  if (unwanted !== null && mustGoNow(path, unwanted, placement)) {
    tell(path.id, { type: 'path.unwanted', reason: unwanted.reason } as DomainEvent, unwanted.key);
  }
  if (path.state.startsWith('locking.proving')) tellProof(view, path, say);
  if (path.top === 'unlocked' || path.top === 'locking') tellOffer(view, local, placement, path, lock, say);

  const move = view.moves.get(id);
  if (move !== undefined && isMoveOver(local, path, lock, move.value.from, `${key}@${String(move.modifyIndex)}`)) {
    say({ type: 'path.moveEnded', modifyIndex: move.modifyIndex });
  }
}

/** A path that the last daemon served, under a lock that is ours still: within an epoch its settings never change. */
function adoption(
  { session }: Local,
  { lock: known }: DiskPathContext,
  lock: PathLock | undefined,
): ({ type: string } & Record<string, unknown>) | null {
  if (known === null || lock === undefined || lock.holder === null || lock.holder !== session) return null;
  if (lock.epoch === known.epoch) return { type: 'path.resumed' };
  if (lock.epoch < known.epoch) return null;
  return { type: 'path.outdated', reason: 'the journal is older than the lock, which this node took again since' };
}

/** Only a view that is newer than our own lock can say that we lost it. */
function lostReason(
  view: ClusterView,
  local: Local,
  context: DiskPathContext,
  lock: PathLock | undefined,
): string | null {
  if (context.lock === null) return null;
  const seenAt = lock?.modifyIndex ?? view.index;
  if (seenAt < context.lock.modifyIndex || (lock === undefined && seenAt === context.lock.modifyIndex)) return null;
  if (lock?.holder === local.session && lock?.epoch === context.lock.epoch) return null;
  if (lock === undefined) return 'the lock key is gone';
  if (lock.holder === null) return 'Consul took the lock away';
  return lock.holder === local.session ? 'the lock was taken anew' : `node ${lock.node ?? '?'} holds the lock`;
}

interface Unwanted {
  readonly reason: string;
  /** The key that says so. */
  readonly key: string;
  readonly isPlanned?: boolean;
}

/** What is not served yet goes at once; what is served and only shall be elsewhere waits until there is room. */
function mustGoNow(path: LocalPath, { isPlanned }: Unwanted, placement: Places): boolean {
  if (path.context.giveUp !== null) return false;
  if (path.top === 'locking' || path.top === 'mapped') return true;
  if (path.top !== 'enabled') return false;
  return isPlanned !== true || placement.mayMove(path);
}

/** Why the path must go. */
function unwantedReason(view: ClusterView, local: Local, path: LocalPath): Unwanted | null {
  const because = (key: string, reason: string) => ({ key, reason });
  const disk = keys.disk(path.disk);
  const spec = view.disks.get(path.disk)?.value;
  const wanted = spec?.paths.find(({ index }) => index === path.index);
  if (spec === undefined || wanted === undefined) return because(disk, 'the path was removed');
  if (spec.desired === 'stopped') return because(disk, 'the disk is stopped');
  if (local.leaving) return { ...because(keys.node(local.node), 'the node is leaving'), isPlanned: true };
  const drain = view.drains.get(local.node)?.value;
  if (drain !== undefined) {
    const reason = `the node is drained by ${drain.by}: ${drain.reason}`;
    return { ...because(keys.drain(local.node), reason), isPlanned: true };
  }
  const move = view.moves.get(`${path.disk}/${String(path.index)}`)?.value;
  if (move?.from === local.node) {
    return because(keys.move(path.disk, path.index), `moved by ${move.by}: ${move.reason}`);
  }
  const isSame = isKnown(path.context.settings, pathSettings(spec, wanted, local.portalPort));
  return isSame ? null : because(disk, 'its specification changed');
}

type Say = (event: { type: string } & Record<string, unknown>) => void;

function tellProof(view: ClusterView, path: LocalPath, say: Say): void {
  const session = path.context.evidence?.session ?? '';
  const exclusion = view.exclusions.get(session)?.value;
  if (exclusion?.state === 'proven') say({ type: 'exclusion.proven', session, method: exclusion.method });
  if (exclusion?.state === 'failed' && path.state.endsWith('.waiting')) {
    say({ type: 'exclusion.failed', session, reason: exclusion.evidence });
  }
}

function tellOffer(
  view: ClusterView,
  local: Local,
  placement: Places,
  path: LocalPath,
  lock: PathLock | undefined,
  say: Say,
): void {
  const waiting = ['unlocked.waiting', 'locking.acquiring', 'locking.backingOff'].includes(path.state);
  if (!waiting && path.state !== 'unlocked.idle') return;
  const offer = local.isWritable ? offerFor(view, local, placement, path, lock) : null;
  if (offer === null) {
    if (waiting && path.state !== 'locking.acquiring') {
      say({ type: 'path.notOffered', reason: whyNotOffered(view, local, path) });
    }
    return;
  }
  if (local.isOutbid(keys.path(path.disk, path.index), offer.modifyIndex)) return;
  // Our turn is set already. Ranks shift with every path that is taken: to follow them is to race the best node.
  const before = path.context.offer;
  if (waiting && before?.modifyIndex === offer.modifyIndex && before.proof === offer.proof) return;
  say({ type: 'path.offered', ...offer });
}

function whyNotOffered(view: ClusterView, { isWritable }: Local, { disk, index }: LocalPath): string {
  if (!isWritable) return 'the journal cannot be written';
  return waitsFor(view, `${disk}/${String(index)}`) ?? 'others may take it, or nobody';
}

function offerFor(
  view: ClusterView,
  local: Local,
  placement: Places,
  path: LocalPath,
  lock: PathLock | undefined,
) {
  const id = `${path.disk}/${String(path.index)}`;
  const modifyIndex = lock?.modifyIndex ?? 0;
  // Our own session holds it and we do not know of it: take it up, to serve it or to give it back in order.
  if (lock !== undefined && lock.holder !== null && lock.holder === local.session) {
    const ours = lock.pendingExclusion === null ? { ours: true } : {};
    return { modifyIndex, rank: 0, delayMs: 0, evidence: lock.pendingExclusion, proof: null, ...ours };
  }
  const rank = placement.ranks.get(id)?.indexOf(local.node) ?? -1;
  if (rank < 0) return null;
  const evidence = lock?.evidence ?? null;
  if (evidence?.session === local.session) return { modifyIndex, rank, delayMs: 0, evidence: null, proof: null };
  // The last owner lives and may well still serve: it alone can put that right.
  if (evidence !== null && view.nodes.get(evidence.node)?.session === evidence.session) return null;
  const held = evidence === null ? 0 : local.remainingMs(`${id}@${String(modifyIndex)}`, local.lockDelayMs);
  const proof = proofOf(view, evidence);
  if (evidence !== null && proof === null && maintenanceOver(view, evidence.node) !== null) return null;
  const queued = (placement.positions.get(id) ?? 0) * queueDelayMs;
  return { modifyIndex, rank, delayMs: held + rank * (local.rankDelayMs + queued), evidence, proof };
}

function proofOf(view: ClusterView, evidence: Incarnation | null): string | null {
  const exclusion = view.exclusions.get(evidence?.session ?? '')?.value;
  return exclusion?.state === 'proven' ? exclusion.method : null;
}

function isMoveOver(local: Local, path: LocalPath, lock: PathLock | undefined, from: string, sight: string): boolean {
  if (from !== local.node) return path.top === 'enabled';
  return lock?.holder !== local.session && local.remainingMs(sight, moveExpiryMs) === 0;
}
