// One running instance of a machine, as of its last committed record.
import type { Intent } from '../../machines/intent.ts';
import type { Kind, Snapshot } from '../core/definition.ts';
import { initial } from '../core/step.ts';

export interface Actor {
  readonly id: string;
  readonly kind: Kind;
  snapshot: Snapshot;
  /** Seq of the last record; 0 before the first. */
  seq: number;
  /** Wall clock of the last change of state. */
  since: number;
  /** Intents without an answer, by id, oldest first. */
  pending: ReadonlyMap<string, Intent>;
}

export const newActor = (id: string, kind: Kind): Actor => ({
  id,
  kind,
  snapshot: initial(kind),
  seq: 0,
  since: 0,
  pending: new Map(),
});
