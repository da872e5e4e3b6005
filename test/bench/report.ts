// What a measurement gives, and how people read it.
import Table from 'cli-table3';

export type Bar = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Missing: the figure is shown and not judged. */
  readonly bar?: Bar;
  /** Measured in the same run on the same machine. */
  readonly baseline?: { readonly value: number; readonly what: string };
  readonly facts?: Readonly<Record<string, number>>;
}

export interface Result {
  readonly figures: readonly Figure[];
  /** What could not be measured here, and why. */
  readonly skipped?: readonly string[];
}

export const isMet = ({ value, bar }: Figure): boolean =>
  bar === undefined || ('atMost' in bar ? value <= bar.atMost : value >= bar.atLeast);

export const barText = (bar: Bar): string => ('atMost' in bar ? `≤ ${number(bar.atMost)}` : `≥ ${number(bar.atLeast)}`);

/** How many times the figure is the baseline: below 1 is less. */
export const ratioOf = ({ value, baseline }: Figure): number | null =>
  baseline === undefined || baseline.value === 0 ? null : Math.round((value / baseline.value) * 1000) / 1000;

export function tableOf(figures: readonly Figure[]): string {
  const head = ['figure', 'value', 'bar', '', 'baseline', 'ratio'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const figure of figures) {
    const { name, value, unit, bar, baseline } = figure;
    table.push([
      name,
      `${number(value)} ${unit}`,
      bar === undefined ? '' : `${barText(bar)} ${unit}`,
      bar === undefined ? '' : isMet(figure) ? 'met' : 'MISSED',
      baseline === undefined ? '' : `${number(baseline.value)} ${unit}`,
      ratioOf(figure) ?? '',
    ]);
  }
  return table.toString();
}

const number = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: 2 });
