// Actors that nothing refers to any more are let go; their records stay in the journal.
import { isSpent } from '../core/spent.ts';
import type { ClusterView } from '../core/view.ts';
import type { Engine } from './engine.ts';
import { wantedExclusions } from './translate-exclusions.ts';

export function retireIdle(engine: Engine, view: ClusterView): void {
  let wanted: ReadonlyMap<string, string> | null = null;
  for (const actor of engine.registry.all()) {
    if (actor.seq === 0 || !isSpent(actor.id, actor.snapshot)) continue;
    if (actor.id.startsWith('exclusion/')) {
      wanted ??= wantedExclusions(view);
      if (wanted.has(actor.id.slice('exclusion/'.length))) continue;
    }
    engine.retire(actor);
  }
}
