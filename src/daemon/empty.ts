// Is anything of ours served here? Asked before a watchdog is disarmed.
import { stateOf } from '../core/state.ts';
import { emptyView } from '../core/view.ts';
import type { DataPlane } from '../ports/dataplane.ts';
import type { Daemon } from './daemon.ts';
import { leftServed } from './effects/left-served.ts';
import { Observer } from './observer.ts';
import { mayServe } from './vitality.ts';

/** By the actors, and read back: a daemon that lost its journal knows of nothing. False when nobody can say. */
export async function servesNothing({ engine, view, settings }: Daemon, dataPlane: DataPlane): Promise<boolean> {
  const { registry } = engine;
  const isHeld = [...registry.all()].some(({ id, snapshot }) => id.startsWith('path/') && mayServe(stateOf(snapshot)));
  // Consul was never read: nobody knows what on this node would be ours.
  if (isHeld || view === emptyView) return false;
  const sight = await new Observer(dataPlane, settings.deadlines.targetMs).look();
  return sight.kind === 'done' && leftServed(sight.value, { registry, settings }, view) === null;
}
