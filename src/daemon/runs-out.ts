// What changes with time alone, while the view stays as it is.
import type { ClusterView } from '../core/view.ts';
import type { Local } from './local.ts';
import { isEmptying } from './pace.ts';

/** Something in the view has to be looked at again although nothing of it changed. */
export const runsOut = (view: ClusterView, local: Pick<Local, 'leaving' | 'node'>): boolean =>
  isEmptying(view, local) ||
  view.moves.size > 0 ||
  [...view.maintenance.values()].some(({ value }) => value.forMs !== undefined) ||
  [...view.locks.values()].some(({ evidence, holder }) => holder === null && evidence !== null);
