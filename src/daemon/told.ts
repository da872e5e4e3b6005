// What translation says: an actor, what it is told, and the key in Consul that says so.
import type { DomainEvent } from '../../machines/intent.ts';
import type { Cause } from '../ports/journal.ts';

export interface Told {
  readonly actor: string;
  readonly event: DomainEvent;
  readonly cause: Cause;
}

export type Tell = (actor: string, event: DomainEvent, key: string) => void;
