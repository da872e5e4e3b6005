// A disk from the options of the command line.
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import type { DiskSpec, PathSpec } from '../core/records.ts';
import { usage } from './usage.ts';

export interface SpecOptions {
  readonly file?: string;
  readonly block?: string;
  readonly rbd?: string;
  readonly lvm?: string;
  readonly memory?: boolean;
  readonly path?: readonly string[];
  readonly initiator?: readonly string[];
  readonly chapUser?: string;
  readonly chapSecretFile?: string;
  readonly mutualChapUser?: string;
  readonly mutualChapSecretFile?: string;
  readonly iqn?: string;
  readonly iqnBase?: string;
  readonly wwn?: string;
  readonly start?: boolean;
}

const defaultIqnBase = 'iqn.2026-01.io.pathwarden';

/** Throws `USAGE_INVALID`. The agent checks the result again. */
export function specFromOptions(id: string, options: SpecOptions): DiskSpec {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(id)) {
    throw usage(`A disk id is up to 63 letters, digits, . - _, not ${id}`);
  }
  const paths = (options.path ?? []).map((text, index) => parsePath(text, index + 1));
  if (paths.length === 0) throw usage('A disk needs at least one --path, as in --path 10.0.1.101/24@eth1');
  const iqn = options.iqn ?? iqnOf(options.iqnBase ?? defaultIqnBase, id);
  return {
    desired: options.start === true ? 'started' : 'stopped',
    iqn,
    wwn: options.wwn ?? wwnOf(iqn),
    backstore: backstoreOf(options),
    access: { initiators: [...(options.initiator ?? [])], ...chapOf(options) },
    paths,
  };
}

/** `10.0.1.101/24@eth1:100`; an IPv6 address has colons too, so the last `@` divides. */
function parsePath(text: string, index: number): PathSpec {
  const [, ip, prefix, port, vlan] = /^(.+)\/(\d{1,3})@([^@:\s/]{1,15})(?::(\d{1,4}))?$/.exec(text) ?? [];
  const family = isIP(ip ?? '');
  if (ip === undefined || port === undefined || family === 0) {
    throw usage(`--path must look like 10.0.1.101/24@eth1 or 10.0.1.101/24@eth1:100, not like ${text}`);
  }
  const longest = family === 4 ? 32 : 128;
  if (Number(prefix) < 1 || Number(prefix) > longest) {
    throw usage(`The prefix in --path ${text} must be from 1 to ${String(longest)}`);
  }
  if (vlan !== undefined && (Number(vlan) < 1 || Number(vlan) > 4094)) {
    throw usage(`The VLAN in --path ${text} must be from 1 to 4094`);
  }
  return { index, ip, prefix: Number(prefix), interface: port, ...(vlan === undefined ? {} : { vlan: Number(vlan) }) };
}

function iqnOf(base: string, id: string): string {
  // iSCSI names are lower case; changing the id silently could give two disks one name.
  if (/^[a-z0-9.-]+$/.test(id)) return `${base}:${id}`;
  throw usage(`Disk id ${id} cannot be part of an iSCSI name: give one with --iqn`);
}

/**
 * The same for the same target name, for ever: initiators know the disk by it on every path.
 * It starts with 3, which marks a locally assigned name (NAA 3h), and so never meets one of a vendor.
 */
export function wwnOf(iqn: string): string {
  return `3${createHash('sha256').update(iqn).digest('hex').slice(0, 15)}`;
}

function backstoreOf({ file, block, rbd, lvm, memory }: SpecOptions): DiskSpec['backstore'] {
  const given = [file, block, rbd, lvm, memory === true ? '' : undefined].filter((option) => option !== undefined);
  if (given.length !== 1) throw usage('Give one of --rbd IMAGE, --file PATH, --block DEVICE, --lvm VOLUME, --memory');
  if (rbd !== undefined) return rbdImage(rbd);
  if (lvm !== undefined) return logicalVolume(lvm);
  if (block !== undefined) return { kind: 'block', path: absolute('--block', block) };
  return file === undefined ? { kind: 'memory' } : { kind: 'file', path: absolute('--file', file) };
}

function absolute(option: string, path: string): string {
  if (path.startsWith('/')) return path;
  throw usage(`${option} must be an absolute path, the same on every gateway, not ${path}`);
}

/** `pool/image` or `pool/namespace/image`. Throws `USAGE_INVALID`. */
export function rbdImage(text: string): Extract<DiskSpec['backstore'], { kind: 'rbd' }> {
  const parts = text.split('/');
  const [pool = '', ...rest] = parts;
  const image = rest.at(-1) ?? '';
  const isNamed = parts.every((part) => /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,126}$/.test(part));
  if (!isNamed || parts.length < 2 || parts.length > 3) {
    throw usage(`An image is given as pool/image or pool/namespace/image, not as ${text}`);
  }
  const [namespace] = rest.length === 2 ? rest : [];
  return { kind: 'rbd', pool, ...(namespace === undefined ? {} : { namespace }), image };
}

function logicalVolume(text: string): DiskSpec['backstore'] {
  const [, group, volume] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (group === undefined || volume === undefined) throw usage(`--lvm must look like group/volume, not like ${text}`);
  return { kind: 'lvm', group, volume };
}

function chapOf(options: SpecOptions): Pick<DiskSpec['access'], 'chap'> {
  const chap = chapUser('--chap', options.chapUser, options.chapSecretFile);
  const mutual = chapUser('--mutual-chap', options.mutualChapUser, options.mutualChapSecretFile);
  if (chap === null) {
    if (mutual === null) return {};
    throw usage('--mutual-chap-user needs --chap-user: a target proves itself only to initiators that do so, too');
  }
  if (mutual?.user === chap.user || mutual?.secretFile === chap.secretFile) {
    throw usage('--mutual-chap-user and --mutual-chap-secret-file must differ from those of the initiator');
  }
  return { chap: { ...chap, ...(mutual === null ? {} : { mutual }) } };
}

function chapUser(option: string, user: string | undefined, secretFile: string | undefined) {
  if (user === undefined && secretFile === undefined) return null;
  if (user === undefined || secretFile === undefined) {
    throw usage(`${option}-user and ${option}-secret-file need each other`);
  }
  if (secretFile.startsWith('/')) return { user, secretFile };
  throw usage(`${option}-secret-file must be an absolute path, the same on every gateway`);
}
