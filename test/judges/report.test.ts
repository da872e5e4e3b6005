// When a figure fails a run of the lab.
import { describe, expect, it } from 'vitest';
import { bar, emptyReport, timeBar } from '../lab/report.ts';

describe('a bar', () => {
  it('is missed by more than it allows, and by what was not measured', () => {
    const report = emptyReport();
    for (const [name, value] of [['a', 2], ['b', 3], ['c', Number.NaN]] as const) bar(report, name, value, 2);
    expect(report.failures).toEqual(['b is 3, more than 2', 'c is NaN, more than 2']);
  });

  it('of a time fails the run like any other where times are judged', () => {
    const report = emptyReport();
    timeBar(report, 'gapMs', 301, 300);
    expect(report).toMatchObject({ failures: ['gapMs is 301, more than 300'], missed: [], metrics: { gapMs: 301 } });
  });
});

describe('on a shared machine', () => {
  it('a time is kept and said, and fails nothing', () => {
    const report = emptyReport(false);
    timeBar(report, 'gapMs', 301, 300);
    expect(report).toMatchObject({ failures: [], missed: ['gapMs is 301, more than 300'], metrics: { gapMs: 301 } });
  });

  it('a time that was not measured fails all the same, and so does whatever is no time', () => {
    const report = emptyReport(false);
    timeBar(report, 'gapMs', Number.NaN, 300);
    bar(report, 'failedWrites', 1, 0);
    expect(report.failures).toHaveLength(2);
  });
});
