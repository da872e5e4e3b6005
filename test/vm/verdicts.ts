// What was checked in each part: a part that says nothing has not been tried.
import type { Report } from '../lab/report.ts';

/** What a part found out. */
export interface Findings extends Pick<Report, 'metrics' | 'failures'> {
  /** What held, by name. */
  readonly passed: readonly string[];
}

export interface Verdict {
  readonly holds: boolean;
  /** May have more than one line. */
  readonly what: string;
}

/** The figures that a part is judged by. Whether they are good enough it says itself. */
const judged: Readonly<Record<string, readonly string[]>> = {
  tests: ['testsPassed', 'halfMadeStates'],
  targetcli: ['openTimesFaster', 'closeTimesFaster'],
  multipath: [
    'pathClosedLongestWriteMs', 'pathOpenedLongestWriteMs', 'sessionsLostByRestart', 'failedWrites', 'lostOrMisread',
  ],
  curve: ['addGrowth', 'takeOverGrowth', 'closeGrowth', 'removeGrowth'],
  ceph: ['cephTestsPassed'],
  takeover: [
    'movedTwoPathsLongestWriteMs', 'movedOnePathAfterNeighbourMs', 'killedServedAgainMs', 'fencesProven',
    'failedWrites', 'lostOrMisread',
  ],
};

/** Of a part that was told to try less, figures may be missing. */
export function verdictsOf(part: string, findings: Findings, isPartial = false): readonly Verdict[] {
  const { metrics, failures, passed } = findings;
  const figures = (judged[part] ?? [])
    .filter((name) => !isPartial || typeof metrics[name] === 'number')
    .filter((name) => failures.every((text) => !text.startsWith(`${name} is `)));
  return [
    ...passed.map((what) => ({ holds: true, what })),
    ...figures.map((name) => ofFigure(name, metrics[name])),
    ...failures.map((what) => ({ holds: false, what })),
  ];
}

/** What could not be measured comes as null out of a machine, or not at all. */
const ofFigure = (name: string, value: unknown): Verdict =>
  typeof value === 'number'
    ? { holds: value === 0 || !hasToBeNone.has(name), what: `${name} is ${value}` }
    : { holds: false, what: `${name} was not measured` };

const hasToBeNone = new Set(['sessionsLostByRestart', 'failedWrites', 'lostOrMisread']);

/** As `npm run check` counts them. */
export const lineOf = (part: string, { holds, what }: Verdict): string =>
  `${holds ? '✓' : '✗'} ${part}: ${what.split('\n')[0] ?? ''}`;
