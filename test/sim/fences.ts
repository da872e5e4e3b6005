// How the nodes of a run fence each other: one fence for each method that runs something.
import type { Daemon } from '../../src/daemon/daemon.ts';
import type { FencePort } from '../../src/ports/dataplane.ts';
import { fenceFor } from './fence.ts';
import { heeding } from './maintenance.ts';
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import { refusalFor } from './storage.ts';
import type { Timeline } from './timeline.ts';

export const fencesOf = (
  parts: Parts, by: Powered, hosts: ReadonlyMap<string, Powered>, process: Timeline, daemon: () => Daemon,
): readonly (FencePort | undefined)[] =>
  parts.shape.methods.map(({ method }) => {
    if (method !== 'command' && method !== 'ceph') return undefined;
    const fence = method === 'ceph' ? refusalFor : fenceFor;
    return heeding(parts, by.name, daemon, fence(parts, by, hosts, process));
  });
