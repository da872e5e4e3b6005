// What the ceph command prints, read. What cannot be understood is never taken for an answer.
import { parsed } from '../json.ts';

export interface OsdMap {
  readonly epoch: number;
  /** When this epoch was made, by the monitors' clock. */
  readonly modifiedMs: number;
  /** By entry as Ceph spells it, `10.0.0.1:0/0` or `[fd00::1]:0/0`. */
  readonly blocklistUntilMs: ReadonlyMap<string, number>;
  readonly osds: readonly { readonly id: number; readonly isUp: boolean }[];
}

/** Of `ceph osd dump --format json`; null when it cannot be understood. */
export function readOsdMap(text: string): OsdMap | null {
  const map = parsed(text);
  if (!isPlain(map) || !isPlain(map['blocklist']) || !Array.isArray(map['osds'])) return null;
  const epoch = map['epoch'];
  const modifiedMs = timeOf(map['modified']);
  const osds = (map['osds'] as unknown[]).map(osdOf);
  const entries = Object.entries(map['blocklist']).map(([entry, until]) => [entry, timeOf(until)] as const);
  const isWhole = osds.every((osd) => osd !== null) && entries.every(([, until]) => !Number.isNaN(until));
  if (typeof epoch !== 'number' || Number.isNaN(modifiedMs) || !isWhole) return null;
  return { epoch, modifiedMs, blocklistUntilMs: new Map(entries), osds };
}

/** In `ceph osd blocklist ls --format json`: `[...]` or, the ranges behind it, `[...][...]`. Null: not understood. */
export function readBlocklist(text: string): ReadonlySet<string> | null {
  const lists = parsed(`[${text.replaceAll(/\]\s*\[/g, '],[')}]`);
  if (!Array.isArray(lists) || lists.length === 0 || !lists.every((list) => Array.isArray(list))) return null;
  const entries = (lists as unknown[][]).flat().map((each) => (isPlain(each) ? (each['addr'] ?? each['range']) : null));
  const texts = entries.filter((entry) => typeof entry === 'string');
  return texts.length === entries.length ? new Set(texts) : null;
}

/**
 * Who lists all `entries` in the answers to `ceph tell osd.* dump_blocklist --format json`: lines of
 * `osd.1: [...][...]`, the entries and then the ranges. A cluster of one OSD answers without its name.
 */
export function refusingOsds(text: string, entries: readonly string[], { osds }: OsdMap): ReadonlySet<number> {
  const only = osds.length === 1 ? osds[0]?.id : undefined;
  const refusing = new Set<number>();
  for (const line of text.split('\n')) {
    const [, name, answer] = /^(?:osd\.(\d+): )?(\[.*\])\s*$/.exec(line) ?? [];
    const id = name === undefined ? only : Number(name);
    const listed = answer === undefined ? null : listedIn(answer);
    if (id !== undefined && listed !== null && entries.every((entry) => listed.has(entry))) refusing.add(id);
  }
  return refusing;
}

/** Null: not understood. */
function listedIn(answer: string): ReadonlySet<string> | null {
  const lists = parsed(`[${answer.replaceAll('][', '],[')}]`);
  const [list] = Array.isArray(lists) ? (lists as unknown[]) : [];
  if (!Array.isArray(list)) return null;
  const entries = (list as unknown[]).map((each) => {
    const address = isPlain(each) ? each['entity_addr_t'] : null;
    return isPlain(address) ? `${String(address['addr'])}/${String(address['nonce'])}` : '';
  });
  return new Set(entries);
}

function osdOf(value: unknown): OsdMap['osds'][number] | null {
  if (!isPlain(value) || typeof value['osd'] !== 'number') return null;
  return value['up'] === 0 || value['up'] === 1 ? { id: value['osd'], isUp: value['up'] === 1 } : null;
}

const timeOf = (value: unknown): number => (typeof value === 'string' ? Date.parse(value) : Number.NaN);

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
