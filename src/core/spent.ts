// Actors that hold nothing any more: they may be forgotten, and begin anew when they are told something again.
import type { DiskContext } from '../../machines/disk/setup.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { Snapshot } from './definition.ts';
import { stateOf, tagsOf } from './state.ts';

export function isSpent(id: string, snapshot: Snapshot): boolean {
  if (id.startsWith('path/')) {
    return (snapshot.context as DiskPathContext).settings === null && stateOf(snapshot) === 'unlocked.idle';
  }
  if (id.startsWith('disk/')) {
    return (snapshot.context as DiskContext).settings === null && stateOf(snapshot) === 'detached';
  }
  return id.startsWith('exclusion/') && tagsOf(snapshot).includes('idle');
}
