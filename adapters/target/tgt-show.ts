// Reads what tgtadm prints. Strictly: a line that is not understood makes the whole answer unreadable.

export interface TgtConnection {
  /** Null when tgtd no longer has the connection open, but still works on its commands. */
  readonly peer: string | null;
  readonly session: number;
  readonly connection: number;
}

export interface TgtTarget {
  readonly id: number;
  readonly iqn: string;
  readonly state: string;
  readonly sessions: readonly number[];
  /** By session. */
  readonly initiators: ReadonlyMap<number, string>;
  readonly connections: readonly TgtConnection[];
  /** LUN number → its properties by the name that tgtadm prints. */
  readonly luns: ReadonlyMap<number, ReadonlyMap<string, string>>;
  /** By which initiators prove themselves. */
  readonly accounts: readonly string[];
  /** By which the target proves itself. */
  readonly outgoing: string | null;
  readonly access: readonly string[];
}

export interface TgtPortal {
  readonly ip: string;
  readonly port: number;
}

interface Draft {
  id: number;
  iqn: string;
  state: string;
  sessions: number[];
  initiators: Map<number, string>;
  connections: { peer: string | null; session: number; connection: number }[];
  luns: Map<number, Map<string, string>>;
  accounts: string[];
  outgoing: string | null;
  access: string[];
  sections: Set<string>;
}

const sections = ['System', 'I_T nexus', 'LUN', 'Account', 'ACL'];

/** `tgtadm --mode target --op show`. Null when it cannot be read. */
export function readTargets(text: string): TgtTarget[] | null {
  const drafts: Draft[] = [];
  let section = '';
  for (const line of linesOf(text)) {
    const head = /^Target (\d+): (\S+)$/.exec(line);
    const title = /^ {4}(System|I_T nexus|LUN|Account|ACL) information:$/.exec(line)?.[1];
    const draft = drafts.at(-1);
    if (head?.[1] !== undefined && head[2] !== undefined) {
      drafts.push(emptyDraft(Number(head[1]), head[2]));
      section = '';
    } else if (title !== undefined) {
      section = title;
      draft?.sections.add(title);
    } else if (draft === undefined || !readLine(draft, section, line)) {
      return null;
    }
  }
  return drafts.every((draft) => sections.every((name) => draft.sections.has(name))) ? drafts : null;
}

/** `tgtadm --mode portal --op show`. Null when it cannot be read. */
export function readPortals(text: string): TgtPortal[] | null {
  const portals: TgtPortal[] = [];
  for (const line of linesOf(text)) {
    const found = /^Portal: (?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d+),\d+$/.exec(line);
    const ip = found?.[1] ?? found?.[2];
    if (found === null || ip === undefined) return null;
    portals.push({ ip, port: Number(found[3]) });
  }
  return portals;
}

/** `tgtadm --mode account --op show`: the names. Null when it cannot be read. */
export function readAccounts(text: string): string[] | null {
  const [title, ...names] = linesOf(text);
  if (title === undefined) return [];
  if (title !== 'Account list:' || names.some((name) => !name.startsWith('    '))) return null;
  return names.map((name) => name.trim());
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

function emptyDraft(id: number, iqn: string): Draft {
  const lists = { sessions: [], connections: [], accounts: [], outgoing: null, access: [] };
  return { id, iqn, state: '', luns: new Map(), initiators: new Map(), sections: new Set(), ...lists };
}

function readLine(draft: Draft, section: string, line: string): boolean {
  if (section === 'System') return readState(draft, line);
  if (section === 'I_T nexus') return readNexus(draft, line);
  if (section === 'LUN') return readLun(draft, line);
  const entry = /^ {8}(\S.*)$/.exec(line)?.[1]?.trim();
  if (entry === undefined) return false;
  const outgoing = /^(\S+) \(outgoing\)$/.exec(entry)?.[1];
  if (section === 'Account' && outgoing !== undefined) draft.outgoing = outgoing;
  else if (section === 'Account') draft.accounts.push(entry);
  else if (section === 'ACL') draft.access.push(entry);
  else return false;
  return true;
}

function readState(draft: Draft, line: string): boolean {
  const [, name, value] = /^ {8}([^:]+): (.*)$/.exec(line) ?? [];
  if (name === 'State' && value !== undefined) draft.state = value;
  return name !== undefined;
}

function readNexus(draft: Draft, line: string): boolean {
  const session = /^ {8}I_T nexus: (\d+)$/.exec(line)?.[1];
  const connection = /^ {12}Connection: (\d+)$/.exec(line)?.[1];
  const peer = /^ {16}IP Address: (\S+)$/.exec(line)?.[1];
  const initiator = /^ {12}Initiator: (\S+)/.exec(line)?.[1];
  const last = draft.sessions.at(-1);
  if (session !== undefined) draft.sessions.push(Number(session));
  else if (last === undefined) return false;
  else if (initiator !== undefined) draft.initiators.set(last, initiator);
  else if (connection !== undefined) {
    draft.connections.push({ peer: null, session: last, connection: Number(connection) });
  } else if (peer !== undefined) {
    const open = draft.connections.at(-1);
    if (open === undefined) return false;
    open.peer = peer;
  } else return /^ {12}\S/.test(line) || /^ {16}\S/.test(line);
  return true;
}

function readLun(draft: Draft, line: string): boolean {
  const lun = /^ {8}LUN: (\d+)$/.exec(line)?.[1];
  if (lun !== undefined) {
    draft.luns.set(Number(lun), new Map());
    return true;
  }
  const [, name, value] = /^ {12}([^:]+):(?: (.*))?$/.exec(line) ?? [];
  const properties = [...draft.luns.values()].at(-1);
  if (name === undefined || properties === undefined) return false;
  // "Size: 67 MB, Block size: 512" stays one value: nothing here needs it.
  properties.set(name, (value ?? '').trim());
  return true;
}
