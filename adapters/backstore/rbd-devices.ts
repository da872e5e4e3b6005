// What `rbd device list --format json` prints, read. What cannot be understood is never taken for an empty list.
import type { RbdImage } from '../../src/ports/dataplane.ts';
import { fieldOf, parsed } from '../json.ts';

export interface RbdDevice {
  readonly id: string;
  readonly device: string;
  readonly image: RbdImage;
  /** Null: the image itself. */
  readonly snapshot: string | null;
}

/** Of the kernel and of rbd-nbd, which call the image `name` and `image`. Null: not understood. */
export function readDevices(text: string): readonly RbdDevice[] | null {
  const rows = parsed(text);
  if (!Array.isArray(rows)) return null;
  const devices = (rows as unknown[]).map(deviceOf);
  const known = devices.filter((device) => device !== null);
  return known.length === devices.length ? known : null;
}

/** Those of that very image, and of none of its snapshots; the one that was mapped first is the first. */
export const devicesOf = (devices: readonly RbdDevice[], wanted: RbdImage): readonly RbdDevice[] =>
  devices
    .filter(({ image, snapshot }) => snapshot === null && isSame(image, wanted))
    .toSorted((a, b) => numberOf(a.device) - numberOf(b.device));

const isSame = (a: RbdImage, b: RbdImage): boolean =>
  a.pool === b.pool && (a.namespace ?? '') === (b.namespace ?? '') && a.image === b.image;

const numberOf = (device: string): number => Number(/\d+$/.exec(device)?.[0] ?? 0);

function deviceOf(row: unknown): RbdDevice | null {
  const text = (name: string): string | null => {
    const value = fieldOf(row, name);
    return typeof value === 'string' ? value : null;
  };
  const id = fieldOf(row, 'id');
  const [pool, device, snap] = [text('pool'), text('device'), text('snap')];
  const image = text('name') ?? text('image');
  const isOdd = (typeof id !== 'string' && typeof id !== 'number') || device?.startsWith('/dev/') !== true;
  if (isOdd || pool === null || image === null || snap === null || device === null) return null;
  const namespace = text('namespace') ?? '';
  return {
    id: String(id),
    device,
    image: { kind: 'rbd', pool, image, ...(namespace === '' ? {} : { namespace }) },
    snapshot: snap === '-' || snap === '' ? null : snap,
  };
}
