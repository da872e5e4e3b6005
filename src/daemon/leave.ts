// Giving everything up before the daemon stops.
import { actorIds } from '../core/records.ts';
import { sleep, type Clock } from '../ports/clock.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import type { Cause } from '../ports/journal.ts';

interface Leaver {
  readonly clock: Clock;
  tell(actor: string, event: DomainEvent, cause: Cause): void;
  onChange(listener: () => void): () => void;
}

/** Resolves when the node has left, or when the deadline has passed. */
export async function leaveInOrder(daemon: Leaver, nodeState: () => string, deadlineMs: number): Promise<void> {
  // Without Consul nothing can be given up in order: what is served stays for the next start.
  if (/^(down|recovering)/.test(nodeState())) return;
  const left = new Promise<void>((resolve) => {
    const check = () => {
      if (nodeState() === 'left') resolve();
    };
    daemon.onChange(check);
    check();
  });
  daemon.tell(actorIds.node, { type: 'node.leaveRequested' }, { kind: 'local', what: 'stop' });
  await Promise.race([left, sleep(daemon.clock, deadlineMs)]);
}
