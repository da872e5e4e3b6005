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

/** The figures that a part is judged by. Of one that is not good enough it says so itself: `name is 3, more than 0`. */
const judged: Readonly<Record<string, readonly string[]>> = {
  tests: ['testsPassed', 'halfMadeStates'],
  targetcli: ['openTimesFaster', 'closeTimesFaster'],
  multipath: [
    'pathClosedLongestWriteMs', 'pathOpenedLongestWriteMs', 'sessionsLostByRestart',
    'multipathFailedWrites', 'multipathLostOrMisread',
  ],
  curve: ['addGrowth', 'takeOverGrowth', 'closeGrowth', 'removeGrowth'],
  ceph: ['cephTestsPassed'],
  takeover: [
    'movedTwoPathsLongestWriteMs', 'movedOnePathAfterNeighbourMs', 'killedServedAgainMs', 'fencesProven',
    'takeoverFailedWrites', 'takeoverLostOrMisread',
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
    ? { holds: true, what: `${name} is ${value}` }
    : { holds: false, what: `${name} was not measured` };

/** As `npm run check` counts them. */
export const lineOf = (part: string, { holds, what }: Verdict): string =>
  `${holds ? '✓' : '✗'} ${part}: ${what.split('\n')[0] ?? ''}`;
