import { expect, test } from 'vitest';
import { filesUnder } from '../tidy/tree.ts';

const namesIn = (folder: string, ending: string): string[] => {
  const texts = filesUnder(folder, [ending]).map(({ text }) => text);
  return [...new Set(texts.flatMap((text) => text.match(/\bpathwarden_[a-z_]+\b/g) ?? []))].sort();
};

test('the pages name every metric, and no other', () => {
  expect(namesIn('docs', '.md')).toEqual(namesIn('src/daemon', 'metrics.ts'));
});
