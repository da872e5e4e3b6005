// Compares what the node serves with what its path actors believe.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { stateOf } from '../core/state.ts';
import type { Cause } from '../ports/journal.ts';
import { portalKey, type Observer, type Sight } from './observer.ts';
import type { Registry } from './registry.ts';

type Post = (actor: string, event: DomainEvent, cause: Cause) => void;

/** A read that failed says nothing, and nothing is done because of it. Answers whether the node could be read. */
export async function inspectDataPlane(registry: Registry, observer: Observer, post: Post): Promise<string | null> {
  const before = new Map([...registry.all()].map((actor) => [actor.id, actor.seq]));
  const sight = await observer.look();
  if (sight.kind !== 'done') return sight.reason;
  for (const actor of registry.all()) {
    // Whoever moved during the look is judged next time.
    if (!actor.id.startsWith('path/') || before.get(actor.id) !== actor.seq) continue;
    const { settings } = actor.snapshot.context as DiskPathContext;
    if (settings === null) continue;
    const event = verdict(stateOf(actor.snapshot), settings, sight.value);
    if (event !== null) post(actor.id, event, { kind: 'local', what: 'the node was read back' });
  }
  return null;
}

function verdict(
  state: string,
  { ip, port, iqn }: NonNullable<DiskPathContext['settings']>,
  sight: Sight,
): DomainEvent | null {
  const address = sight.addresses.has(ip);
  const portal = sight.portals.has(portalKey(ip, port));
  if (state === 'enabled') {
    const missing = [
      address ? '' : `the IP ${ip}`,
      portal ? '' : `its portal`,
      sight.targets.has(iqn) ? '' : `the target ${iqn}`,
    ];
    const reason = missing.filter(Boolean).join(' and ');
    return reason === ''
      ? null
      : ({ type: 'dataplane.missing', reason: `${reason} is gone from the node` } as DomainEvent);
  }
  if ((state.startsWith('unlocked') || state.startsWith('locking')) && (address || portal)) {
    const left = [address ? `the IP ${ip}` : '', portal ? 'its portal' : ''].filter(Boolean).join(' and ');
    return { type: 'dataplane.leftover', reason: `${left} is here although the path is not ours` } as DomainEvent;
  }
  return null;
}
