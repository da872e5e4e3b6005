// A report on the standard output: for programs, or for people.
import Table from 'cli-table3';
import type { Report } from './report.ts';

export function print({ metrics, failures }: Report, asJson: boolean): void {
  if (asJson) {
    console.log(JSON.stringify({ ok: failures.length === 0, metrics, failures }));
    return;
  }
  const table = new Table({ head: ['figure', 'value'], colAligns: ['left', 'right'], style: { head: [], border: [] } });
  table.push(...Object.entries(metrics).map(([name, value]) => [name, String(value)]));
  if (Object.keys(metrics).length > 0) console.log(table.toString());
  for (const failure of failures) console.log(`✗ ${failure}`);
  console.log(failures.length === 0 ? 'ok' : `${failures.length} failures`);
}
