import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { generatedPages } from '../../docs/pages.ts';
import { filesUnder } from '../tidy/tree.ts';

const pages = await generatedPages();
const committed = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test.each([...pages])('docs/%s says what the code says (when stale: npm run docs)', async (name, text) => {
  expect(await committed(name)).toBe(text);
});

test('no generated page is left over from something that is gone', () => {
  const marked = filesUnder('docs', ['.md']).filter(({ text }) => /<!-- Generated from /.test(text));
  expect(marked.map(({ path }) => path.replace('docs/', '')).sort()).toEqual([...pages.keys()].sort());
});
