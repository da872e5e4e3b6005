import { expect, it } from 'vitest';
import { errorCodes, PathwardenError } from '../../src/errors.ts';
import { filesUnder } from './tree.ts';

const page = filesUnder('docs/reference', ['errors.md'])[0]?.text ?? '';
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
);

it('documents every error code, in the order of the table, and no other', () => {
  expect([...sections.keys()]).toEqual(errorCodes);
});

it.each(errorCodes)('says of %s what it stands for, its numbers, what happened and what to do', (code) => {
  const { title, exitCode, httpStatus } = new PathwardenError(code, '');
  const section = sections.get(code);
  expect(section).toContain(`\n${title} · exit ${exitCode} · HTTP ${httpStatus}\n`);
  expect(section).toMatch(/\*\*What happened\.\*\* \S/);
  expect(section).toMatch(/\*\*What to do\.\*\* \S/);
});
