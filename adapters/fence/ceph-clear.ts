// Ceph's blocklist as the node itself meets it that stands there.
import type { StorageFencePort } from '../../src/ports/dataplane.ts';
import {
  type CallOptions, done, type Outcome, type Refused, refused, type Unknown, unknown,
} from '../../src/ports/outcome.ts';
import { failure, shareDeadline } from '../run.ts';
import { readBlocklist } from './ceph-answers.ts';
import { cephClientsHere } from './ceph-clients.ts';
import { type Ceph, type CephSettings, commandOf, entriesOf } from './ceph.ts';

interface Here {
  /** Where `/proc` and `/sys` are. */
  readonly root?: string;
  /** What the target has open in its own process, as a person names it. */
  readonly openInTarget?: (options: CallOptions) => Promise<Outcome<readonly string[]>>;
}

/**
 * Looks for the entries that `cephFence` adds for this node: of single clients, which others add, it knows nothing.
 * None is removed while the kernel or the target has something of Ceph open: it may hold writes from before the node
 * was refused. A client in the target writes again by itself as soon as the entry is gone.
 */
export function cephStorageFence(settings: CephSettings, node: string, here: Here = {}): StorageFencePort {
  const own = entriesOf(settings, node);
  const listed = async (ceph: Ceph): Promise<Outcome<readonly string[]>> => {
    const read = await ceph('osd', 'blocklist', 'ls', '--format', 'json');
    if (read.kind !== 'exited' || read.code !== 0) return unread(failure(read).reason);
    const all = readBlocklist(read.stdout);
    return all === null ? unread('its answer cannot be understood') : done(own.filter((entry) => all.has(entry)));
  };
  return {
    async observe(options) {
      const entries = await listed(commandOf(settings, options));
      return entries.kind === 'done' ? done({ refused: entries.value }) : entries;
    },
    async ensureCleared(options: CallOptions) {
      const left = shareDeadline(options);
      const ceph = commandOf(settings, options);
      const entries = await listed(ceph);
      if (entries.kind !== 'done') return nothingUnderWay(entries);
      const idle = entries.value.length === 0 ? done(null) : await nothingOpen(here, left());
      if (idle.kind !== 'done') return nothingUnderWay(idle);
      for (const entry of entries.value) {
        const removed = await ceph('osd', 'blocklist', 'rm', entry);
        if (removed.kind !== 'exited' || removed.code !== 0) return failure(removed);
      }
      const after = entries.value.length === 0 ? entries : await listed(ceph);
      if (after.kind !== 'done') return nothingUnderWay(after);
      const [still] = after.value;
      return still === undefined ? done({ removed: entries.value }) : refused(`${still} is blocklisted again or still`);
    },
  };
}

async function nothingOpen({ root, openInTarget }: Here, options: CallOptions): Promise<Outcome> {
  const [mapped, inTarget] = await Promise.all([cephClientsHere(root), openInTarget?.(options) ?? done([])]);
  if (mapped.kind !== 'done') return mapped;
  if (inTarget.kind !== 'done') return inTarget;
  const [device] = mapped.value;
  if (device !== undefined) return refused(`${device} is still mapped or mounted here from Ceph: unmap it first`);
  const [image] = inTarget.value;
  return image === undefined ? done(null) : refused(`tgtd still has ${image} open: delete that LUN first`);
}

/** No removal was sent, or its end was seen: none can come late, whatever could not be read. */
const nothingUnderWay = (trouble: Refused | Unknown): Refused =>
  trouble.kind === 'refused' ? trouble : refused(trouble.reason);

/** Also of a command that says itself that it failed: what was not read is not known. */
const unread = (reason: string) => unknown(`the blocklist cannot be read: ${reason}`);
