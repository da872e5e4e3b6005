// A host whose kernel maps images and activates volumes, played: this machine's kernel may do neither. The programs
// answer in the words of rbd 16.2 and LVM 2.03.
import type { Run } from '../../../adapters/run.ts';

export interface BlockHost {
  readonly run: Run;
  /** Changing commands, in order. */
  readonly changes: readonly string[];
  /** Size in bytes of each image or volume that there is, by name. */
  readonly images: Map<string, number>;
  /** Device → what it is of. */
  readonly devices: Map<string, Device>;
  /** By program and verb: what the next such command answers instead. `applied`: it did its work all the same. */
  readonly troubles: Map<string, Trouble>;
}

interface Device {
  readonly name: string;
  readonly fsid: string;
  readonly snap: string;
}

interface Trouble {
  readonly code: number | 'unknown';
  readonly stdout?: string;
  readonly stderr?: string;
  readonly applied?: boolean;
}

export const ourFsid = '9a64c80e-a2d1-4284-8018-af2529e877b0';

interface Said {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

export function blockHost(lock = ''): BlockHost {
  const host = { images: new Map(), devices: new Map(), troubles: new Map(), changes: [] as string[] } as const;
  const run: Run = async (argv) => {
    const words = argv.filter((word, at) => !['--conf', '--id'].includes(word) && !isAfter(argv, at));
    const facts = { command: argv.join(' '), durationMs: 1 };
    const verb = words.slice(0, words[0] === 'rbd' ? 3 : 1).join(' ');
    const trouble = host.troubles.get(verb);
    host.troubles.delete(verb);
    if (/^(rbd device (map|unmap)|lvchange)/.test(verb)) host.changes.push(words.join(' '));
    const said = trouble === undefined || trouble.applied === true ? answer(host, words, lock) : {};
    if (trouble?.code === 'unknown') return { kind: 'unknown', reason: 'no answer before its deadline', ...facts };
    const { code = 0, stdout = '', stderr = '' } = { ...said, ...trouble };
    return { kind: 'exited', code, stdout, stderr, ...facts };
  };
  return { ...host, run };
}

const isAfter = (argv: readonly string[], at: number): boolean => ['--conf', '--id'].includes(argv[at - 1] ?? '');

type Host = Omit<BlockHost, 'run'>;

function answer(host: Host, words: readonly string[], lock: string): Said {
  const [program, ...rest] = words;
  const last = words.at(-1) ?? '';
  if (program === 'rbd') return rbd(host, rest);
  if (program === 'ceph-conf') return { stdout: `${ourFsid}\n` };
  if (program === 'lvs') return lvs(host, last, lock);
  if (program === 'lvchange') return lvchange(host, rest);
  const device = /\/(?:devices\/(\d+)\/|dev\/(\S+)$)/.exec(last);
  if (program === 'cat') return { stdout: `${host.devices.get(`/dev/rbd${device?.[1] ?? ''}`)?.fsid ?? ''}\n` };
  const path = words.find((word) => /^(if=)?\/dev\//.test(word))?.replace('if=', '') ?? '';
  const size = host.images.get(host.devices.get(path)?.name ?? '');
  if (size === undefined) return { code: 1, stderr: `${path}: No such file or directory` };
  return { stdout: program === 'stat' ? 'block special file|0' : program === 'blockdev' ? `${String(size)}\n` : '' };
}

function rbd(host: Host, words: readonly string[]): Said {
  const name = words.at(-1) ?? '';
  const type = words[words.indexOf('--device-type') + 1] ?? '';
  const [noun, verb] = words;
  if (verb === 'list') return { stdout: JSON.stringify(rowsOf(host, type)) };
  if (verb === 'unmap') return { code: host.devices.delete(name) ? 0 : 22 };
  if (!host.images.has(name)) {
    return { code: 2, stderr: `rbd: error opening image ${name}: (2) No such file or directory` };
  }
  if (noun === 'config') return { stdout: JSON.stringify([{ name: 'rbd_cache', value: 'false', source: 'pool' }]) };
  const device = firstFree(host, type === 'krbd' ? '/dev/rbd' : '/dev/nbd');
  host.devices.set(device, { name, fsid: ourFsid, snap: '-' });
  return { stdout: `${device}\n` };
}

function firstFree({ devices }: Host, prefix: string): string {
  for (let number = 0; ; number += 1) if (!devices.has(`${prefix}${number}`)) return `${prefix}${number}`;
}

function rowsOf(host: Host, type: string): readonly object[] {
  const prefix = type === 'krbd' ? '/dev/rbd' : '/dev/nbd';
  return [...host.devices].filter(([device]) => device.startsWith(prefix)).map(([device, { name, snap }]) => {
    const parts = name.split('/');
    const [pool, namespace] = [parts[0], parts.length === 3 ? parts[1] : ''];
    if (type === 'krbd') return { id: device.slice(8), pool, namespace, name: parts.at(-1), snap, device };
    return { id: 4711, pool, namespace, image: parts.at(-1), snap, device };
  });
}

function lvs(host: Host, name: string, lock: string): Said {
  if (!host.images.has(name)) {
    return { code: 5, stdout: '{"report":[{"lv":[]}]}', stderr: `  Failed to find logical volume "${name}"` };
  }
  const lv_attr = host.devices.has(`/dev/${name}`) ? '-wi-a-----' : '-wi-------';
  return { stdout: JSON.stringify({ report: [{ lv: [{ lv_attr, vg_lock_type: lock }] }] }) };
}

function lvchange(host: Host, [how, name = '']: readonly string[]): Said {
  if (how === '-an') host.devices.delete(`/dev/${name}`);
  else host.devices.set(`/dev/${name}`, { name, fsid: '', snap: '' });
  return {};
}
