// What the writers of an initiator saw in a window of time.
import type { Initiator } from '../lab/initiator.ts';
import { now } from '../lab/clock.ts';
import { bar, keep, largest, percentile, type Report, sum } from '../lab/report.ts';
import type { DevicePath } from './device-writer.ts';

/** Two writers for each device, so that both paths of two are under way at any time. */
export const writersOf = (devices: Readonly<Record<string, string>>): readonly DevicePath[] =>
  Object.entries(devices).flatMap(([disk, device], number) =>
    [0, 1].map((region) => ({ name: `${disk}/${region}`, disk, device, region, tag: number * 2 + region + 1 })),
  );

export interface Seen {
  readonly writes: number;
  readonly longestMs: number;
  readonly longestEndedAt: number;
  readonly medianMs: number;
}

/** Between two writes of one writer. */
export const pauseMs = 50;

/** A write while one of two paths goes or comes: the other one is used at once, however slow these machines are. */
export const switchMostMs = 500;

export type Writers = Initiator<DevicePath>;

/** Of one disk from a moment on. A write that was under way by then counts from that moment. */
export async function seen(writers: Pick<Writers, 'figures'>, disk: string, from: number): Promise<Seen> {
  const figures = (await writers.figures(from, now())).filter(({ path }) => path.startsWith(`${disk}/`));
  const latencies = figures.flatMap(({ latenciesMs }) => latenciesMs);
  const issued = figures.flatMap(({ issuedAt }) => issuedAt);
  const longestMs = largest(latencies);
  const longestIssuedAt = issued[latencies.indexOf(longestMs)] ?? Number.NaN;
  const longestEndedAt = Math.max(longestIssuedAt, from) + longestMs;
  return { writes: latencies.length, longestMs, longestEndedAt, medianMs: percentile(latencies, 0.5) };
}

/** Waits until every writer of the disk has written again since `from`. */
export async function goesOn(writers: Pick<Writers, 'figures'>, disk: string, from: number): Promise<boolean> {
  const figures = (await writers.figures(from, now())).filter(({ path }) => path.startsWith(`${disk}/`));
  return figures.length > 0 && figures.every(({ writes }) => writes > 2);
}

/** Ends the writers of a part: 0 errors, and every block that was acknowledged is there. */
export async function finish(
  writers: Pick<Writers, 'figures' | 'stop' | 'finish'>,
  report: Report,
  images: Readonly<Record<string, string>>,
  part: string,
): Promise<void> {
  // Before the figures are taken: the last writes count, too.
  await writers.stop();
  const figures = await writers.figures(0, now());
  const problems = await writers.finish(images);
  keep(report, `${part}Writes`, sum(figures.map((one) => one.writes)));
  keep(report, `${part}ReadBacks`, sum(figures.map(({ reads }) => reads)));
  bar(report, `${part}FailedWrites`, sum(figures.map((one) => one.failed)), 0);
  bar(report, `${part}LostOrMisread`, problems.length, 0);
  report.failures.push(...problems.slice(0, 10));
}
