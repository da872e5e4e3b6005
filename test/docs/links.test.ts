// What the pages point at exists: files, headings, scripts, commands.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cliReference } from '../../src/cli/reference.ts';
import { filesUnder, root, type SourceFile } from '../tidy/tree.ts';

const all = filesUnder('.', ['']);
const pages = all.filter(({ path }) => path.endsWith('.md'));
const known = new Set(all.flatMap(({ path }) => withFolders(path)));
const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { scripts: Record<string, string> };

test('there are pages', () => {
  expect(pages.length).toBeGreaterThan(20);
});

describe.each(pages.map((page) => [page.path, page] as const))('%s', (_path, page) => {
  test('links to files that exist', () => {
    expect(linksOf(page).filter(({ file }) => !known.has(file)).map(({ written }) => written)).toEqual([]);
  });

  test('links to headings that exist', () => {
    const missing = linksOf(page).filter(({ file, heading }) => heading !== '' && !headingsOf(file).has(heading));
    expect(missing.map(({ written }) => written)).toEqual([]);
  });

  test('names files of this repository that exist', () => {
    expect(filesNamedIn(page).filter((path) => !known.has(path))).toEqual([]);
  });

  test('names scripts and commands that exist', () => {
    const commands = new Set([...cliReference().matchAll(/^## pathwarden (.+)$/gm)].map(([, words = '']) => words));
    const nouns = new Set([...commands].map((words) => words.split(' ')[0]));
    const run = [...codeOf(page).matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name = '']) => name);
    const typed = [...codeOf(page).matchAll(/^(?:sudo )?pathwarden ([a-z]+)(?: ([a-z-]+))?/gm)];
    const unknown = typed
      .filter(([, noun = '', verb = '']) => !commands.has(noun) && !commands.has(`${noun} ${verb}`))
      .filter(([, noun = '', verb = '']) => verb !== '' || !nouns.has(noun))
      .map(([command]) => command);
    expect([...run.filter((name) => !(name in scripts)), ...unknown]).toEqual([]);
  });
});

test('every page can be reached from README.md', () => {
  const reached = new Set<string>();
  const follow = (path: string): void => {
    if (reached.has(path)) return;
    reached.add(path);
    const page = pages.find((each) => each.path === path);
    if (page !== undefined) for (const { file } of linksOf(page)) follow(file);
  };
  follow('README.md');
  expect(pages.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
});

interface Link {
  readonly written: string;
  /** From the root of the checkout. */
  readonly file: string;
  readonly heading: string;
}

function linksOf({ path, text }: SourceFile): Link[] {
  const targets = [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((written) => {
      const [file = '', heading = ''] = written.split('#', 2);
      return { written, file: file === '' ? path : posix.join(posix.dirname(path), file), heading };
    });
}

/** Anchors as code hosts make them from headings. */
function headingsOf(path: string): Set<string> {
  const text = withoutFences(pages.find((page) => page.path === path)?.text ?? '');
  return new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => anchorOf(title)));
}

const anchorOf = (title: string): string =>
  title.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').trim().replaceAll(' ', '-');

/** `src/daemon/commit.ts` in backticks; folders end in a slash. Patterns and placeholders are left out. */
function filesNamedIn({ text }: SourceFile): string[] {
  const inline = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return inline
    .filter((code) => /^(machines|src|adapters|test|docs|\.ci)\/[\w./-]*$/.test(code))
    .map((code) => code.replace(/\/$/, ''));
}

const withoutFences = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** Everything in code: fenced lines and inline spans, one per line. */
function codeOf({ text }: SourceFile): string {
  const fenced = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
  const inline = [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  return [...fenced, ...inline].join('\n');
}

/** `a/b/c.ts` → itself, `a/b` and `a`. */
function withFolders(path: string): string[] {
  return path === '.' ? [] : [path, ...withFolders(posix.dirname(path))];
}
