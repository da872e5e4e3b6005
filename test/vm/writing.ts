// What the writers of an initiator saw in a window of time.
import type { Initiator } from '../lab/initiator.ts';
import { now } from '../lab/clock.ts';
import { keep, largest, percentile, type Report, sum } from '../lab/report.ts';
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

/** Of one disk from a moment on. Writes that failed, and blocks that were not what they must be, are failures. */
export async function seen(writers: Writers, disk: string, from: number): Promise<Seen> {
  const figures = (await writers.figures(from, now())).filter(({ path }) => path.startsWith(`${disk}/`));
  const latencies = figures.flatMap(({ latenciesMs }) => latenciesMs);
  const issued = figures.flatMap(({ issuedAt }) => issuedAt);
  const longestMs = largest(latencies);
  const longestEndedAt = (issued[latencies.indexOf(longestMs)] ?? Number.NaN) + longestMs;
  return { writes: latencies.length, longestMs, longestEndedAt, medianMs: percentile(latencies, 0.5) };
}

/** Waits until every writer of the disk has written again since `from`. */
export async function goesOn(writers: Writers, disk: string, from: number): Promise<boolean> {
  const figures = (await writers.figures(from, now())).filter(({ path }) => path.startsWith(`${disk}/`));
  return figures.every(({ writes }) => writes > 2);
}

/** Ends the writers: 0 errors, and every block that was acknowledged is there. */
export async function finish(writers: Writers, report: Report, images: Readonly<Record<string, string>>) {
  const figures = await writers.figures(0, now());
  const failed = sum(figures.map((one) => one.failed));
  const problems = await writers.finish(images);
  keep(report, 'writes', sum(figures.map((one) => one.writes)));
  keep(report, 'readBacks', sum(figures.map(({ reads }) => reads)));
  keep(report, 'failedWrites', failed);
  keep(report, 'lostOrMisread', problems.length);
  if (failed > 0) report.failures.push(`${failed} writes failed`);
  report.failures.push(...problems.slice(0, 10));
}
