// How the doctor's findings look: one line each by area, and below what is not right its fix.
import { styleText } from 'node:util';
import type { Finding } from '../doctor.ts';

type Level = Finding['level'];

const marks: Readonly<Record<Level, string>> = { ok: '✓', warning: '!', failure: '✗', unknown: '?' };
const colours = { ok: 'green', warning: 'yellow', failure: 'red', unknown: 'cyan' } as const;
const words: Readonly<Record<Level, string>> = {
  ok: 'right', warning: 'to know', failure: 'to put right', unknown: 'not seen',
};
const levels = ['ok', 'warning', 'failure', 'unknown'] as const;

export const countsOf = (findings: readonly Finding[]): Readonly<Record<Level, number>> =>
  Object.fromEntries(levels.map((level) => [level, findings.filter((each) => each.level === level).length])) as Record<
    Level,
    number
  >;

export function reportText(node: string, findings: readonly Finding[], colour: boolean): string {
  const width = Math.max(...findings.map(({ what }) => what.length));
  const areas = [...new Set(findings.map(({ area }) => area))].map((area) => {
    const lines = findings.filter((finding) => finding.area === area);
    return [area, ...lines.map((finding) => findingText(finding, width, colour))].join('\n');
  });
  const counts = countsOf(findings);
  const sum = levels.filter((level) => counts[level] > 0).map((level) => `${String(counts[level])} ${words[level]}`);
  return [...areas, `${node}: ${sum.join(', ')}`].join('\n\n');
}

function findingText({ level, what, found, fix }: Finding, width: number, colour: boolean): string {
  const mark = colour ? styleText(colours[level], marks[level], { validateStream: false }) : marks[level];
  const line = `  ${mark} ${what.padEnd(width)}  ${found}`;
  return fix === '' ? line : `${line}\n      fix: ${fix.replaceAll('\n', '\n           ')}`;
}
