// Ceph's blocklist as the node itself meets it that stands there.
import type { StorageFencePort } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, refused, unknown, type Outcome } from '../../src/ports/outcome.ts';
import { failure } from '../run.ts';
import { readBlocklist } from './ceph-answers.ts';
import { cephClientsHere } from './ceph-clients.ts';
import { type Ceph, type CephSettings, commandOf, entriesOf } from './ceph.ts';

/**
 * Looks for the entries that `cephFence` adds for this node: of single clients, which others add, it knows nothing.
 * None is removed while the kernel has something of Ceph open: it may hold writes from before the node was refused.
 */
export function cephStorageFence(settings: CephSettings, node: string, root?: string): StorageFencePort {
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
      const ceph = commandOf(settings, options);
      const entries = await listed(ceph);
      if (entries.kind !== 'done') return entries;
      const clients = entries.value.length === 0 ? done([]) : await cephClientsHere(root);
      if (clients.kind !== 'done') return clients;
      const [open] = clients.value;
      if (open !== undefined) return refused(`${open} is still mapped or mounted here from Ceph: unmap it first`);
      for (const entry of entries.value) {
        const removed = await ceph('osd', 'blocklist', 'rm', entry);
        if (removed.kind !== 'exited' || removed.code !== 0) return failure(removed);
      }
      const left = entries.value.length === 0 ? entries : await listed(ceph);
      if (left.kind !== 'done') return left;
      const [still] = left.value;
      return still === undefined ? done({ removed: entries.value }) : refused(`${still} is blocklisted again or still`);
    },
  };
}

/** Also of a command that says itself that it failed: what was not read is not known. */
const unread = (reason: string) => unknown(`the blocklist cannot be read: ${reason}`);
