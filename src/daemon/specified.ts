// What actors need of a disk's specification. A look compares it for every path, so it is made and compared once.
import type { DiskSettings } from '../../machines/disk/events.ts';
import type { PathSettings } from '../../machines/disk-path/events.ts';
import type { Json } from '../../machines/intent.ts';
import { sameJson } from '../core/json.ts';
import type { DiskSpec, PathSpec } from '../core/records.ts';
import { interfaceName } from '../ports/interface-name.ts';

const disks = new WeakMap<DiskSpec, DiskSettings>();
const paths = new WeakMap<PathSpec, PathSettings>();
/** Settings of an actor → the settings that they were found equal to. */
const equal = new WeakMap<object, object>();

/** A specification is parsed once per change, so the same object means the same settings. */
export function diskSettings(spec: DiskSpec): DiskSettings {
  const made = disks.get(spec);
  if (made !== undefined) return made;
  const settings = { iqn: spec.iqn, wwn: spec.wwn, backstore: spec.backstore, access: spec.access };
  disks.set(spec, settings);
  return settings;
}

/** `portalPort` stands in where the path names none; it never changes while the daemon runs. */
export function pathSettings(spec: DiskSpec, path: PathSpec, portalPort: number): PathSettings {
  const made = paths.get(path);
  if (made !== undefined) return made;
  const settings = {
    ip: path.ip,
    prefix: path.prefix,
    interface: interfaceName(path.interface, path.vlan),
    port: path.port ?? portalPort,
    iqn: spec.iqn,
  };
  paths.set(path, settings);
  return settings;
}

/** Whether an actor knows these settings already. */
export function isKnown(known: Json | undefined, settings: DiskSettings | PathSettings): boolean {
  if (typeof known !== 'object' || known === null) return false;
  if (equal.get(known) === settings) return true;
  const same = sameJson(known, settings);
  if (same) equal.set(known, settings);
  return same;
}
