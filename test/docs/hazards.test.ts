// The written argument names tests; each of them has to exist.
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesUnder } from '../tidy/tree.ts';

const pages = filesUnder('docs/hazards', ['.md']);
const index = pages.find(({ path }) => path.endsWith('README.md'))?.text ?? '';
const hazards = pages
  .filter(({ path }) => !path.endsWith('README.md'))
  .flatMap(({ path, text }) =>
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => ({ page: posix.basename(path), title: section.slice(0, section.indexOf('\n')), section })),
  );
const sources = new Map(filesUnder('test', ['.ts']).map(({ path, text }) => [path, text]));

test('there are hazards', () => {
  expect(hazards.length).toBeGreaterThan(25);
});

describe.each(hazards.map((hazard) => [hazard.title, hazard] as const))('%s', (title, { page, section }) => {
  test('says what can happen, the rule, what shows it, and what is not promised, in this order', () => {
    const parts = [...section.matchAll(/^\*\*(.+?)\.\*\* ?(\S?)/gm)].map(([, name]) => name);
    expect(parts).toEqual(['What can happen', 'Rule', 'Shown by', 'Not promised']);
  });

  test('is shown by tests that exist, by their full names', () => {
    const named = [...section.matchAll(/^- \[(.+)\]\(\.\.\/\.\.\/(test\/[\w./-]+)\)/gm)];
    expect(named.length).toBeGreaterThan(0);
    const missing = named.filter(([, name = '', file = '']) => !names(sources.get(file) ?? '').has(name));
    expect(missing.map(([, name, file]) => `${String(file)}: ${String(name)}`)).toEqual([]);
    expect(section.match(/^- /gm)).toHaveLength(named.length);
  });

  test('can be found in the index', () => {
    const anchor = title.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-');
    expect(index).toContain(`(${page}#${anchor})`);
  });
});

/** Every string of a test file: titles of tests, also those of a table, and names of the lab's scenarios. */
function names(source: string): Set<string> {
  const strings = source.matchAll(/'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`/g);
  return new Set([...strings].map(([, plain, template]) => plain ?? template ?? ''));
}
