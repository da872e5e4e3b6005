// A disk as PetaSAN describes it beside its image, as a disk of ours.
import type { DiskSpec, PathSpec } from '../core/records.ts';
import type { PathwardenError } from '../errors.ts';
import { usage } from './usage.ts';

export interface PetasanOptions {
  readonly backstore: DiskSpec['backstore'];
  readonly chapSecretFile?: string;
  /** Interfaces that have another name here. */
  readonly interfaces: ReadonlyMap<string, string>;
  readonly start: boolean;
}

interface PetasanDisk {
  readonly id: string;
  readonly spec: DiskSpec;
}

/** Throws `USAGE_INVALID`. The text may have a password in it: nothing of it is repeated but the name of a user. */
export function petasanDisk(text: string, options: PetasanOptions): PetasanDisk {
  const meta = parseMeta(text);
  const field = (name: string): string => textOf(meta[name]);
  if (meta['is_replication_target'] === true) {
    throw usage('PetaSAN writes to the image from another cluster, as the target of a replication: end that first');
  }
  const id = fit('id', field('id'), /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
  return {
    id,
    spec: {
      desired: options.start ? 'started' : 'stopped',
      iqn: fit('iqn', field('iqn'), /^iqn\.\d{4}-\d{2}\.[^\s:]+(:\S+)?$/),
      wwn: wwnOf(field('wwn')),
      backstore: options.backstore,
      access: { initiators: initiatorsOf(field('acl')), ...chapOf(meta, options) },
      paths: pathsOf(meta['paths'], options),
    },
  };
}

type Meta = Readonly<Record<string, unknown>>;

function parseMeta(text: string): Meta {
  let meta: unknown;
  try {
    meta = JSON.parse(text);
  } catch {
    // The error would quote the text.
    throw unusable('is not JSON');
  }
  if (isObject(meta)) return meta;
  throw unusable('is not one object');
}

const isObject = (value: unknown): value is Meta =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';

function fit(name: string, value: string, pattern: RegExp): string {
  if (pattern.test(value)) return value;
  throw unusable(`has no ${name} that can be used`);
}

/**
 * PetaSAN's serial number has 13 digits. The kernel's target makes the name by which initiators know the disk of such
 * digits, followed by zeros: so zeros behind them keep the name.
 */
const wwnOf = (serial: string): string => fit('wwn', serial.toLowerCase(), /^[0-9a-f]{8,16}$/).padEnd(16, '0');

function initiatorsOf(acl: string): string[] {
  if (acl === '' || acl.toLowerCase() === 'all') return [];
  return acl.split(',').map((name) => fit('acl', name.trim(), /^(iqn|eui|naa)\.\S+$/));
}

function chapOf(meta: Meta, { chapSecretFile }: PetasanOptions): Pick<DiskSpec['access'], 'chap'> {
  if (textOf(meta['user']) === '' && textOf(meta['password']) === '') {
    if (chapSecretFile === undefined) return {};
    throw usage('The disk has no CHAP user: give no --chap-secret-file');
  }
  const user = fit('user', textOf(meta['user']), /^[^,\s]+$/);
  if (chapSecretFile === undefined) {
    throw usage(`The disk has the CHAP user ${user}: put its password into a file on each gateway, --chap-secret-file`);
  }
  const isAbsolute = chapSecretFile.startsWith('/');
  if (!isAbsolute) throw usage('--chap-secret-file must be an absolute path, the same on every gateway');
  return { chap: { user, secretFile: chapSecretFile } };
}

function pathsOf(paths: unknown, { interfaces }: PetasanOptions): PathSpec[] {
  if (!Array.isArray(paths) || paths.length === 0) throw unusable('has no paths');
  const fields = (paths as unknown[]).map((path) => (isObject(path) ? path : {}));
  const used = new Set(fields.map(({ eth }) => textOf(eth)));
  for (const [before, after] of interfaces) {
    if (!used.has(before)) throw usage(`--interface ${before}=${after}: no path of the disk is on ${before}`);
  }
  return fields.map((path, at) => pathOf(path, at + 1, interfaces));
}

function pathOf(fields: Meta, index: number, interfaces: PetasanOptions['interfaces']): PathSpec {
  const eth = fit('interface', textOf(fields['eth']), /^[^@:\s/]{1,15}$/);
  const vlan = textOf(fields['vlan_id']);
  return {
    index,
    ip: fit('ip', textOf(fields['ip']), /^\d{1,3}(\.\d{1,3}){3}$/),
    prefix: prefixOf(textOf(fields['subnet_mask'])),
    interface: interfaces.get(eth) ?? eth,
    ...(vlan === '' || vlan === '0' ? {} : { vlan: Number(fit('vlan_id', vlan, /^\d{1,4}$/)) }),
  };
}

/** `255.255.255.0` → 24. */
function prefixOf(mask: string): number {
  const bytes = mask.split('.').map(Number);
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (bytes.length === 4 && /^1{1,32}0*$/.test(bits) && bits.length === 32) return bits.lastIndexOf('1') + 1;
  throw unusable('has no subnet_mask that can be used');
}

const unusable = (why: string): PathwardenError =>
  usage(`The metadata of the image ${why}: make the disk known with \`pathwarden disk add\``);
