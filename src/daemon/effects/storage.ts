// A storage that refuses this node: looked at before it joins, and told to take it again when nothing is left here.
import { actorIds } from '../../core/records.ts';
import { stateOf, tagsOf } from '../../core/state.ts';
import type { ClusterView } from '../../core/view.ts';
import { done, refused, type Outcome } from '../../ports/outcome.ts';
import type { StorageFencePort } from '../../ports/dataplane.ts';
import type { Effects, Facts } from '../dispatcher.ts';
import { wantedExclusions } from '../translate-exclusions.ts';
import { prove } from './exclusion.ts';
import { holdsLocally, readView } from './left-served.ts';
import type { EffectParts } from './parts.ts';

type Answer = Promise<Outcome<Facts | null>>;

export function storageEffects(parts: EffectParts): Effects {
  const options = { deadlineMs: parts.settings.storageFence?.deadlineMs ?? 0 };
  return {
    'storage.look': async () => {
      const seen = await refusedBy(parts.storageFences ?? [], options);
      return seen.kind === 'done' ? done({ refused: [...seen.value] }) : seen;
    },
    'storage.clear': (_params, { signal }) => clear(parts, { ...options, signal }),
  };
}

type Options = { readonly deadlineMs: number; readonly signal?: AbortSignal };

/** Every entry of this node, on any of the storages. */
export async function refusedBy(
  fences: readonly StorageFencePort[], options: Options,
): Promise<Outcome<readonly string[]>> {
  const entries: string[] = [];
  for (const fence of fences) {
    const seen = await fence.observe(options);
    if (seen.kind !== 'done') return seen;
    entries.push(...seen.value.refused);
  }
  return done(entries);
}

/** Whoever fences a lost session of ours may count on the storage for as long as our own proof does not stand. */
async function clear(parts: EffectParts, options: Options): Answer {
  const held = stillHeld(parts);
  if (held !== null) return refused(held);
  const read = await readView(parts);
  if (read.kind !== 'done') return refused(`Consul cannot be asked who has to be excluded: ${read.reason}`);
  const view = read.value;
  const locked = [...view.locks.values()].find(({ holder, node }) => holder !== null && node === parts.settings.node);
  if (locked !== undefined) return refused(`the lost session still has the lock of ${locked.disk}/${locked.index}`);
  for (const [session, node] of wantedExclusions(view)) {
    if (node !== parts.settings.node) continue;
    const proven = await prove(parts, session);
    if (proven.kind !== 'done') return refused(`the lost session ${session} is not proven over: ${proven.reason}`);
  }
  const target = await targetHere(parts, view);
  if (target !== null) return refused(target);
  return removeAll(parts.storageFences ?? [], options);
}

async function removeAll(fences: readonly StorageFencePort[], options: Options): Answer {
  const removed: string[] = [];
  for (const fence of fences) {
    const cleared = await fence.ensureCleared(options);
    if (cleared.kind !== 'done') return cleared;
    removed.push(...cleared.value.removed);
  }
  return done({ removed });
}

/** What the actors of this node know to be here. */
function stillHeld({ registry }: EffectParts): string | null {
  for (const { id, snapshot } of registry.all()) {
    if (holdsLocally(id, stateOf(snapshot))) return `${id} is not torn down yet`;
    if (id.startsWith('disk/') && !tagsOf(snapshot).includes('idle')) return `the image of ${id} is still attached`;
  }
  return null;
}

/** A target that an earlier journal knew of has its image open. */
async function targetHere({ observer }: EffectParts, view: ClusterView): Promise<string | null> {
  const sight = await observer.look();
  if (sight.kind !== 'done') return `the node cannot be read back: ${sight.reason}`;
  const left = [...view.disks].find(([, { value }]) => sight.value.targets.has(value.iqn));
  return left === undefined ? null : `the target of ${actorIds.disk(left[0])} is still here`;
}
