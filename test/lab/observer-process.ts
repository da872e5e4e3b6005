// Samples every host's own kernel tables all the time: which path addresses are up there, which portals listen.
// One process for all hosts, so that a sweep is one; /proc/<pid>/net is the view from the pid's namespace.
import { readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { now } from './clock.ts';
import type { Change } from './timeline.ts';
import type { ObserverMessage, ObserverRequest, Sweep } from './observer.ts';

const everyMs = 10;
const listening = '0A';
const established = '01';
/** `0: 0100007F:0CBC 00000000:0000 0A …`: local address and port, remote ones, state. */
const socketRow = /: ([0-9A-F]{8}):([0-9A-F]{4}) [0-9A-F:]{13} (\w\w)/g;

let ips: readonly string[] = [];
let port = 3260;
let holders: Readonly<Record<string, number>> = {};
const last = new Map<string, { readonly at: number; readonly flags: number }>();
const tables = new Map<string, { readonly table: string; readonly up: Set<string> }>();
let sweeps: Sweep[] = [];

setPriority(-15);
process.on('disconnect', () => process.exit(0));
process.on('message', (request: ObserverRequest) => {
  if (request.type === 'start') {
    ({ ips, port } = request);
    setInterval(sweep, everyMs);
  } else if (request.type === 'hosts') {
    ({ holders } = request);
  } else {
    tell({ type: 'figures', id: request.id, sweeps });
    // The next count begins where this one ends.
    sweeps = sweeps.slice(-1);
  }
});

function sweep(): void {
  sweeps.push([now(), stolenMs()]);
  const changes = Object.entries(holders).flatMap(([host, pid]) => sample(host, pid));
  if (changes.length > 0) tell({ type: 'changes', changes });
}

/** What the hypervisor kept from this machine's processors since it started, in ticks of 10 ms. */
function stolenMs(): number {
  const [, ticks = '0'] = /^cpu +(?:\d+ ){7}(\d+)/.exec(read('/proc/stat') ?? '') ?? [];
  return Number(ticks) * 10;
}

function sample(host: string, pid: number): Change[] {
  const begun = now();
  const addresses = read(`/proc/${pid}/net/fib_trie`);
  const sockets = read(`/proc/${pid}/net/tcp`);
  // The host is being built anew: an unreadable one has no namespace, so nothing of it can answer.
  const up = addresses === undefined ? new Set<string>() : localAddresses(host, addresses);
  const states = sockets === undefined ? new Map<string, number>() : portalStates(sockets);
  const seen = now();
  return ips.flatMap((ip) => {
    const flags = (up.has(ip) ? 4 : 0) + (states.get(ip) ?? 0);
    const before = last.get(`${host} ${ip}`) ?? { at: begun, flags: 0 };
    last.set(`${host} ${ip}`, { at: begun, flags });
    if (before.flags === flags) return [];
    const [addressUp, portalOpen, connected] = [(flags & 4) > 0, (flags & 2) > 0, (flags & 1) > 0];
    return [{ ip, host, after: before.at, seen, addressUp, portalOpen, connected }];
  });
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}

/** `|-- 10.0.0.1` followed by `/32 host LOCAL`. */
function localAddresses(host: string, table: string): Set<string> {
  const known = tables.get(host);
  // Nearly every table is the one of the sample before.
  if (known?.table === table) return known.up;
  const up = new Set([...table.matchAll(/\|-- ([\d.]+)\n\s+\/32 host LOCAL/g)].map((match) => match[1] ?? ''));
  tables.set(host, { table, up });
  return up;
}

/** IP → 2 when its portal listens, plus 1 when somebody is connected to it. */
function portalStates(table: string): Map<string, number> {
  const states = new Map<string, number>();
  for (const [, hex = '', hexPort = '', state] of table.matchAll(socketRow)) {
    if (Number.parseInt(hexPort, 16) !== port) continue;
    const flag = state === listening ? 2 : state === established ? 1 : 0;
    for (const ip of hex === '00000000' ? ips : [dotted(hex)]) states.set(ip, (states.get(ip) ?? 0) | flag);
  }
  return states;
}

const dotted = (hex: string): string =>
  [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');

function tell(message: ObserverMessage): void {
  process.send?.(message);
}
