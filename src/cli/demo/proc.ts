// Which process a pid stands for: pids are used again, a pid together with its start time is not.
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start, field 22 of /proc/<pid>/stat. */
  readonly startTicks: number;
}

/** Null when there is no such process. */
export function identityOf(pid: number): ProcessIdentity | null {
  const stat = statOf(pid);
  return stat === null ? null : { pid, startTicks: stat.startTicks };
}

/** True when not one thread of it is left; one that only waits for its parent to notice is gone. */
export function isGone({ pid, startTicks }: ProcessIdentity): boolean {
  const stat = statOf(pid);
  if (stat === null || stat.startTicks !== startTicks) return true;
  return (stat.state === 'Z' || stat.state === 'X') && threadsOf(pid) <= 1;
}

function statOf(pid: number): { readonly state: string; readonly startTicks: number } | null {
  const text = unlessGone(() => readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  if (text === null) return null;
  // The name of the program comes second, in brackets, and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTicks: Number(fields[19]) };
}

const threadsOf = (pid: number): number => unlessGone(() => readdirSync(`/proc/${String(pid)}/task`).length) ?? 0;

/** Anything but "no such process" is thrown: what cannot be read is not gone. */
function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ESRCH') return null;
    throw error;
  }
}
