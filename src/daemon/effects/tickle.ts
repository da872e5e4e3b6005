// Wakes up the initiators that were connected to a path when its last owner lost it. Nothing is waited for: whoever
// is not woken notices by itself, when it next sends something.
import type { DiskPathContext } from '../../../machines/disk-path/setup.ts';
import { leftBehind } from '../../core/connections.ts';
import type { Connection } from '../../ports/dataplane.ts';
import { Gate } from '../gate.ts';
import type { EffectParts } from './parts.ts';

export type Tickler = (actor: string, signal: AbortSignal) => { once(): Promise<void> };

/** One for all paths, so that many that are taken at once do not start a program for each initiator at once. */
export function tickler(parts: EffectParts): Tickler {
  const { dataPlane: { connections }, settings } = parts;
  const gate = new Gate(settings.commandsPerKind);
  return (actor, signal) => {
    const options = { deadlineMs: settings.deadlines.addressMs, signal };
    // Known now: its last owner soon writes that it has nobody on this path any more.
    const left = connections === undefined ? [] : connectionsLeft(parts, actor);
    const one = async (connection: Connection): Promise<void> => {
      const leave = await gate.enter(false, signal);
      if (leave === null) return;
      await connections?.tickle(connection, options).finally(leave);
    };
    return { once: async () => void (await Promise.all(left.map(one))) };
  };
}

function connectionsLeft(parts: EffectParts, actor: string): readonly Connection[] {
  const { settings = null } = (parts.registry.get(actor)?.snapshot.context ?? {}) as Partial<DiskPathContext>;
  if (settings === null) return [];
  const portal = { ip: settings.ip, port: settings.port };
  return leftBehind(parts.view(), actor.slice('path/'.length)).map((peer) => ({ portal, peer }));
}
