// While it serves, a node looks now and then whether the storage refuses it: a fence can come late, when it is back.
import type { NodeContext } from '../../machines/node/node.machine.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { actorIds } from '../core/records.ts';
import { tagsOf } from '../core/state.ts';
import type { StorageFencePort } from '../ports/dataplane.ts';
import type { Cause } from '../ports/journal.ts';
import { refusedBy } from './effects/storage.ts';
import type { Registry } from './registry.ts';
import type { DaemonSettings } from './settings.ts';

export interface StorageRoundsParts {
  readonly settings: Pick<DaemonSettings, 'storageFence'>;
  readonly storageFences?: readonly StorageFencePort[];
  readonly registry: Registry;
  readonly post: (actor: string, event: DomainEvent, cause: Cause) => void;
  /** The clock's, with an owner that cancels it. */
  readonly after: (ms: number, then: () => void) => void;
  readonly isRunning: () => boolean;
}

/** Looks, and goes on looking. What cannot be read says nothing: writes then fail or do not, as ever. */
export function startStorageRounds(parts: StorageRoundsParts): void {
  const { settings: { storageFence }, storageFences = [], after, isRunning } = parts;
  if (storageFence === undefined || storageFences.length === 0) return;
  const again = (): void =>
    after(storageFence.lookEveryMs, () => {
      void look(parts, storageFences, storageFence.deadlineMs).then(() => (isRunning() ? again() : undefined));
    });
  again();
}

async function look(
  { registry, post }: StorageRoundsParts, fences: readonly StorageFencePort[], deadlineMs: number,
): Promise<void> {
  const session = leasedSession(registry);
  if (session === null) return;
  const seen = await refusedBy(fences, { deadlineMs });
  // What was read before the node was cleared is about a session that is over.
  if (seen.kind !== 'done' || seen.value.length === 0 || leasedSession(registry) !== session) return;
  const reason = `the storage refuses this node: ${seen.value.join(' and ')}`;
  const cause = { kind: 'local', what: 'a look at the storage' } as const;
  post(actorIds.node, { type: 'session.lost', reason } as DomainEvent, cause);
}

/** The session that may serve now; null: there is none. */
function leasedSession(registry: Registry): string | null {
  const { snapshot } = registry.ensure(actorIds.node);
  return tagsOf(snapshot).includes('leased') ? (snapshot.context as NodeContext).session : null;
}
