// Actors that nothing refers to any more are let go; their records stay in the journal.
import type { DiskContext } from '../../machines/disk/disk.machine.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { stateOf, tagsOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { Actor } from './actor.ts';
import type { Engine } from './engine.ts';
import { wantedExclusions } from './translate-exclusions.ts';

export function retireIdle(engine: Engine, view: ClusterView): void {
  let wanted: ReadonlyMap<string, string> | null = null;
  for (const actor of engine.registry.all()) {
    if (actor.seq === 0 || !isSpent(actor)) continue;
    if (actor.id.startsWith('exclusion/')) {
      wanted ??= wantedExclusions(view);
      if (wanted.has(actor.id.slice('exclusion/'.length))) continue;
    }
    engine.retire(actor);
  }
}

function isSpent({ id, snapshot }: Actor): boolean {
  if (id.startsWith('path/')) {
    return (snapshot.context as DiskPathContext).settings === null && stateOf(snapshot) === 'unlocked.idle';
  }
  if (id.startsWith('disk/')) {
    return (snapshot.context as DiskContext).settings === null && stateOf(snapshot) === 'detached';
  }
  return id.startsWith('exclusion/') && tagsOf(snapshot).includes('idle');
}
