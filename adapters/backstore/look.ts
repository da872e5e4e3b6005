// Images as the doctor sees them: what Ceph and LVM list. Nothing is mapped or activated.
import type { ImagesPort } from '../../src/ports/doctor.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { fieldOf, parsed } from '../json.ts';
import { describe, failure, type Run } from '../run.ts';
import { volumeRows } from './lvm.ts';
import { nameOf, rbdCommand, withoutCache } from './rbd-command.ts';

const patience = { deadlineMs: 20_000 };

export function imagesLook(settings: { readonly run: Run; readonly conf: string; readonly id: string }): ImagesPort {
  const rbd = () => rbdCommand(settings, patience);
  return {
    async inPool({ pool, namespace }) {
      const name = namespace === undefined ? pool : `${pool}/${namespace}`;
      const listed = await rbd().command('ls', '--long', '--format', 'json', name);
      if (listed.kind !== 'exited') return failure(listed);
      const isGone = listed.code !== 0 && noSuchPool.test(listed.stderr);
      if (isGone) return refused(`there is no pool ${name}`, 'gone');
      if (listed.code !== 0) return unknown(`pool ${name} cannot be read: ${describe(listed)}`);
      return orUnknown(sizesIn(parsed(listed.stdout)), `what is in pool ${name}`);
    },
    uncached: (image) => withoutCache(rbd(), nameOf(image)),
    async volumes() {
      const fields = ['--options', 'vg_name,lv_name,lv_size', '--units', 'b', '--nosuffix'];
      const listed = await settings.run(['lvs', ...fields, '--reportformat', 'json'], patience);
      if (listed.kind !== 'exited') return failure(listed);
      if (listed.code !== 0) return unknown(`the list of volumes cannot be read: ${describe(listed)}`);
      return orUnknown(volumesIn(listed.stdout), 'the list of volumes');
    },
  };
}

/** Of the default pool it gives no number. A key or a configuration that is missing has that number, too. */
const noSuchPool = /error opening (?:pool .*: \(2\) |default pool )|namespace .*does not exist/;

const orUnknown = <T>(value: T | null, what: string): Outcome<T> =>
  value === null ? unknown(`${what} cannot be understood`) : done(value);

/** Snapshots have lines of their own; they are left out. Null: not understood. */
function sizesIn(rows: unknown): ReadonlyMap<string, number> | null {
  if (!Array.isArray(rows)) return null;
  const sizes = new Map<string, number>();
  for (const row of rows as unknown[]) {
    const [image, size] = [fieldOf(row, 'image'), fieldOf(row, 'size')];
    if (typeof image !== 'string' || typeof size !== 'number') return null;
    if (fieldOf(row, 'snapshot') === undefined) sizes.set(image, size);
  }
  return sizes;
}

/** Null: not understood. */
function volumesIn(report: string): ReadonlyMap<string, number> | null {
  const rows = volumeRows(report);
  if (rows === null) return null;
  const volumes = new Map<string, number>();
  for (const row of rows) {
    const [group, volume, size] = ['vg_name', 'lv_name', 'lv_size'].map((name) => fieldOf(row, name));
    if (typeof group !== 'string' || typeof volume !== 'string') return null;
    if (typeof size !== 'string' || !/^\d+$/.test(size)) return null;
    volumes.set(`${group}/${volume}`, Number(size));
  }
  return volumes;
}
