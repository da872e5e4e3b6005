// An image as a block device of this host, through the kernel's own driver or rbd-nbd.
import type { RbdImage } from '../../src/ports/dataplane.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type RunResult } from '../run.ts';
import { noneUnlisted, nobodyClaims } from './nbd-safety.ts';
import { openDevice } from './open-image.ts';
import { nameOf, type Rbd, unreadable, type Way, withoutCache } from './rbd-command.ts';
import { devicesOf, type RbdDevice, readDevices } from './rbd-devices.ts';

interface Mapping {
  readonly type: 'krbd' | 'nbd';
  readonly mapOptions?: string;
  /** Where `/proc` is. */
  readonly root?: string;
}

/**
 * What is mapped is looked up each time, by pool, namespace and image: this instance may be a new one. An image that
 * somebody mapped by hand is used, and unmapped at the end, like one of ours; every other device is left alone.
 */
export function mappedImage(mapping: Mapping): Way {
  return {
    async attach(rbd, image) {
      const mapped = await mappedHere(rbd, mapping, image);
      if (mapped.kind !== 'done') return mapped;
      // rbd-nbd is a client of librbd, with its cache.
      const uncached = mapping.type === 'nbd' ? await withoutCache(rbd, nameOf(image)) : done(null);
      if (uncached.kind !== 'done') return uncached;
      const [first] = mapped.value;
      const device = first === undefined ? await map(rbd, mapping, image) : done(first.device);
      if (device.kind !== 'done') return device;
      const opened = await openDevice(rbd.run, device.value, rbd.left());
      if (opened.kind !== 'done') return opened;
      return done({ kind: 'block', path: device.value, sizeBytes: opened.value.sizeBytes });
    },
    async detach(rbd, image) {
      const mapped = await mappedHere(rbd, mapping, image);
      if (mapped.kind !== 'done') return mapped;
      // More than one when the end of a map command was not known and another one followed.
      for (const { device } of mapped.value) {
        const idle = mapping.type === 'nbd' ? await nobodyClaims(rbd, device) : done(null);
        if (idle.kind !== 'done') return idle;
        const unmapped = await rbd.command('device', 'unmap', '--device-type', mapping.type, device);
        if (unmapped.kind !== 'exited' || unmapped.code !== 0) return failure(unmapped);
      }
      return done(null);
    },
  };
}

async function mappedHere(
  rbd: Rbd,
  { type, root }: Mapping,
  image: RbdImage,
): Promise<Outcome<readonly RbdDevice[]>> {
  const result = await rbd.command('device', 'list', '--device-type', type, '--format', 'json');
  if (result.kind === 'missing') return failure(result);
  if (result.kind === 'unknown' || result.code !== 0) return unlisted(describe(result));
  const all = readDevices(result.stdout);
  if (all === null) return unlisted('its answer cannot be understood');
  const alike = devicesOf(all, image);
  if (type === 'krbd') return alike.length > 0 ? ofOurCluster(rbd, alike) : done(alike);
  const ended = await noneUnlisted(nameOf(image), all, root);
  return ended.kind === 'done' ? done(alike) : ended;
}

const unlisted = (reason: string) => unknown(`what is mapped here cannot be read: ${reason}`);

/** The kernel knows the cluster of each of its devices; another one may have the same names in it. */
async function ofOurCluster(rbd: Rbd, devices: readonly RbdDevice[]): Promise<Outcome<readonly RbdDevice[]>> {
  const ours = await rbd.program('ceph-conf', '--conf', rbd.conf, '--lookup', 'fsid');
  if (ours.kind !== 'exited') return failure(ours);
  // Not in the file: then only the names tell.
  if (ours.code === 1 && ours.stderr.trim() === '') return done(devices);
  if (ours.code !== 0) return unlisted(describe(ours));
  const kept: RbdDevice[] = [];
  for (const device of devices) {
    const theirs = await rbd.program('cat', `/sys/bus/rbd/devices/${device.id}/cluster_fsid`);
    if (theirs.kind !== 'exited' || theirs.code !== 0) return unlisted(describe(theirs));
    if (theirs.stdout.trim() === ours.stdout.trim()) kept.push(device);
  }
  return done(kept);
}

async function map(rbd: Rbd, mapping: Mapping, image: RbdImage): Promise<Outcome<string>> {
  const { type, mapOptions } = mapping;
  const name = nameOf(image);
  const options = mapOptions === undefined ? [] : ['--options', mapOptions];
  const result = await rbd.command('device', 'map', '--device-type', type, ...options, name);
  if (result.kind !== 'exited' || result.code !== 0) return unmapped(name, result);
  const device = result.stdout.trim().split('\n').at(-1) ?? '';
  if (!/^\/dev\/\S+$/.test(device)) return unknown(`${name} was mapped, but it is not said where`);
  return type === 'krbd' ? done(device) : stillThere(rbd, mapping, { image, device });
}

/** On a device that somebody has open from before, rbd-nbd says that it mapped the image, and ends. */
async function stillThere(
  rbd: Rbd,
  mapping: Mapping,
  { image, device }: { image: RbdImage; device: string },
): Promise<Outcome<string>> {
  const mapped = await mappedHere(rbd, mapping, image);
  if (mapped.kind !== 'done') return mapped;
  const isThere = mapped.value.some((each) => each.device === device);
  return isThere ? done(device) : unknown(`${nameOf(image)} was mapped as ${device}, and is not there`);
}

/** With these words it says that the device may be there although it failed. */
const mayBeThere = /udev wait failed|mapping succeeded/;

function unmapped(name: string, result: RunResult): Outcome<never> {
  const read = unreadable(name, result);
  if (result.kind !== 'exited' || read.kind === 'refused') return read;
  return mayBeThere.test(result.stderr) ? unknown(describe(result)) : refused(describe(result));
}
