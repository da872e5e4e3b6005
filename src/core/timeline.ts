// The phases of a take-over, from the records of those who took part. Pure.
import type { JournalRecord } from '../ports/journal.ts';
import { dotted } from './state.ts';

export interface Phase {
  readonly name: string;
  /** Milliseconds since the take-over began; may be negative for what had begun before. */
  readonly startMs: number;
  readonly tookMs: number;
  readonly actor: string;
  /** Seq of the record that began it. */
  readonly seq: number;
  /** Part of another phase, and at the same time as others. */
  readonly within: string | null;
  /** False while it goes on. */
  readonly isOver: boolean;
}

export interface TakeOver {
  readonly path: string;
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly tookMs: number;
  /** The state that it ended in, or is in. */
  readonly state: string;
  /** Served in the end. */
  readonly isServed: boolean;
  readonly phases: readonly Phase[];
}

const pathPhases: readonly (readonly [RegExp, string])[] = [
  [/^unlocked\.waiting/, 'wait for turn'],
  [/^locking\.backingOff/, 'lock delay'],
  [/^locking\.(proving|clearing)/, 'wait for exclusion'],
  [/^locking/, 'lock'],
  [/^mapped\.(conflicted|reprobing)/, 'address in use'],
  [/^mapped\.preparing/, 'prepare'],
  [/^mapped\.addressing/, 'address'],
  [/^mapped\.confirming/, 'confirm lock'],
  [/^mapped\.opening/, 'portal'],
  [/^mapped\.unblocking/, 'let packets through'],
];
const diskPhases: Readonly<Record<string, string>> = { attaching: 'attach', defining: 'target' };
const exclusionPhases: Readonly<Record<string, string>> = {
  waiting: 'exclusion: wait',
  fencing: 'exclusion: command',
  publishing: 'exclusion: publish',
  publishingAgain: 'exclusion: publish',
};

/** Records of the path from its first step out of rest to the end, oldest first, and those of others meanwhile. */
export function timelineOf(path: readonly JournalRecord[], others: readonly JournalRecord[]): TakeOver | null {
  const [first] = path;
  const served = path.find(({ value }) => dotted(value) === 'enabled');
  const end = served ?? path.at(-1);
  if (first === undefined || end === undefined) return null;
  const steps = path.slice(0, path.indexOf(end) + 1);
  const within = new Map(others.map((record) => [record.actor, [] as JournalRecord[]]));
  for (const record of others) within.get(record.actor)?.push(record);
  const phases = [
    ...merged(phasesOf(steps, (state) => pathPhases.find(([fits]) => fits.test(state))?.[1], first.at, null)),
    ...[...within].flatMap(([actor, records]) => helperPhases(actor, records, first.at)),
    ...answered(path, first.at),
  ];
  const ordered = phases.toSorted((a, b) => a.startMs - b.startMs || a.seq - b.seq);
  return { path: first.actor, at: first.at, tookMs: end.at - first.at, state: dotted(end.value),
    isServed: served !== undefined, phases: ordered };
}

function helperPhases(actor: string, records: readonly JournalRecord[], at: number): readonly Phase[] {
  const isDisk = actor.startsWith('disk/');
  const names = isDisk ? diskPhases : exclusionPhases;
  return merged(phasesOf(records, (state) => names[state.split('.')[0] ?? ''], at, isDisk ? 'prepare' : null));
}

/** One phase per stay in a state that has a name. */
function phasesOf(
  records: readonly JournalRecord[],
  nameOf: (state: string) => string | undefined,
  at: number,
  within: string | null,
): readonly Phase[] {
  return records.flatMap((record, index) => {
    const name = nameOf(dotted(record.value));
    if (name === undefined) return [];
    const next = records[index + 1];
    const tookMs = (next?.at ?? record.at) - record.at;
    const { actor, seq } = record;
    return [{ name, startMs: record.at - at, tookMs, actor, seq, within, isOver: next !== undefined }];
  });
}

function merged(phases: readonly Phase[]): readonly Phase[] {
  const joined: Phase[] = [];
  for (const phase of phases) {
    const before = joined.at(-1);
    const isSame = before?.name === phase.name && before.startMs + before.tookMs === phase.startMs;
    if (!isSame) joined.push(phase);
    else joined[joined.length - 1] = { ...before, tookMs: before.tookMs + phase.tookMs, isOver: phase.isOver };
  }
  return joined;
}

const side: Readonly<Record<string, { readonly name: string; readonly within: string | null }>> = {
  'address.probe': { name: 'probe', within: 'prepare' },
  'traffic.block': { name: 'block packets', within: 'prepare' },
  'address.announce': { name: 'announce', within: null },
};

/** What is asked for and answered beside the states. */
function answered(path: readonly JournalRecord[], at: number): readonly Phase[] {
  const answers = new Map(path.map((record) => [record.settles, record]));
  return path.flatMap((record) =>
    record.intents.flatMap(({ type }, position) => {
      const known = side[type];
      if (known === undefined || (known.within === 'prepare' && dotted(record.value) !== 'mapped.preparing')) return [];
      const answer = answers.get(`${String(record.seq)}.${String(position)}`);
      const tookMs = (answer?.at ?? record.at) - record.at;
      const { actor, seq } = record;
      return [{ ...known, startMs: record.at - at, tookMs, actor, seq, isOver: answer !== undefined }];
    }));
}
