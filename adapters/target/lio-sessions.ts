// Who is logged in to a portal group. Pure.
import type { Login } from '../../src/ports/dataplane.ts';

/** What the kernel shows of the entry of an initiator (`acls/…/info`); null without a session. */
export function loginIn(info: string): Login | null {
  const initiator = /^InitiatorName: (\S+)/m.exec(info)?.[1];
  const state = /^Session State: (?:TARG_SESS_(?:STATE_)?)?(\S+)/m.exec(info)?.[1];
  if (initiator === undefined || state === undefined) return null;
  const address = /^\s*Address (\S+)/m.exec(info)?.[1] ?? null;
  return { initiator, address, state: state.toLowerCase().replaceAll('_', ' ') };
}

/** Of initiators that are let in without an entry, the kernel shows the names only. */
export const loginsWithoutEntry = (names: string): readonly Login[] =>
  names
    .replaceAll('\0', '\n')
    .split('\n')
    .filter((name) => name.trim() !== '')
    .map((name) => ({ initiator: name.trim(), address: null, state: 'logged in' }));
