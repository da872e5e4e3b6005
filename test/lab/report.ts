// Figures and failures of a run, for programs and for people.
export type Metrics = Record<string, number>;

export interface Report {
  readonly metrics: Metrics;
  readonly failures: string[];
  /** What a person may want to know beside the figures. */
  readonly notes: string[];
}

export const emptyReport = (): Report => ({ metrics: {}, failures: [], notes: [] });

/** The value below which `share` (0 to 1) of the values are; NaN when there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Keeps a figure, in whole units, and fails when it is above its bar or was not measured at all. */
export function bar(report: Report, name: string, value: number, most: number): void {
  keep(report, name, value);
  if (!(value <= most)) report.failures.push(`${name} is ${report.metrics[name]}, more than ${most}`);
}

/** The same for a figure that must not be below its bar. */
export function barLeast(report: Report, name: string, value: number, least: number): void {
  keep(report, name, value);
  if (!(value >= least)) report.failures.push(`${name} is ${report.metrics[name]}, less than ${least}`);
}

/**
 * As `bar`, for a time that was measured several times, on a machine that others use, too: a pause of the machine makes
 * one of them long, and what is slow by itself is slow each time. All are kept.
 */
export function barMedian(report: Report, name: string, values: readonly number[], most: number): void {
  keep(report, `${name}Most`, largest(values));
  bar(report, name, percentile(values, 0.5), most);
}

export function keep(report: Report, name: string, value: number): void {
  report.metrics[name] = Math.round(value * 10) / 10;
}

/** What went wrong, with its causes. */
export function message(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${message(error.cause)})`;
}
