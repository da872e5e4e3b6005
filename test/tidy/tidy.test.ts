import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, importsOf, programsIn, root, type SourceFile, topLevel, withoutComments } from './tree.ts';

const folders = ['machines', 'src', 'adapters', 'test', 'docs'];
const code = folders.flatMap((folder) => filesUnder(folder, ['.ts', '.js', '.mjs']));
const shipped = code.filter(({ path }) => /^(machines|src|adapters)\//.test(path));
const written = code.filter(({ path }) => path.endsWith('.ts'));
const tests = written.filter(({ path }) => path.startsWith('test/'));
const texts = filesUnder('.', ['.md', '.json', '.yaml', '.yml', '.html', '.css', '.sh', '.service']);
const words = [...code, ...texts, ...filesUnder('.ci', [''])];

/** `file:line` of every line on which `found` says yes. */
const linesWhere = (files: readonly SourceFile[], found: (line: string, before: string) => boolean): string[] =>
  files.flatMap(({ path, text }) => {
    const lines = text.split('\n');
    return lines.flatMap((line, index) => (found(line, lines[index - 1] ?? '') ? [`${path}:${index + 1}`] : []));
  });
// This file has to spell what it looks for.
const isNotThisTest = ({ path }: SourceFile): boolean => path !== 'test/tidy/tidy.test.ts';
const bare = (files: readonly SourceFile[]) => files.map((file) => ({ ...file, text: withoutComments(file.text) }));

describe('every source file', () => {
  it('has lines of at most 120 columns', () => {
    expect(linesWhere(written, (line) => line.length > 120)).toEqual([]);
  });

  it('has at most 300 lines', () => {
    expect(written.filter(({ text }) => text.split('\n').length > 301).map(({ path }) => path)).toEqual([]);
  });

  it('ends with a line break and holds no tabs or trailing blanks', () => {
    expect(written.filter(({ text }) => !text.endsWith('\n')).map(({ path }) => path)).toEqual([]);
    expect(linesWhere(written, (line) => /\t|\s$/.test(line))).toEqual([]);
  });

  it('prints through the log or the command line, never through console', () => {
    expect(linesWhere(bare(shipped), (line) => /\bconsole\s*\./.test(line))).toEqual([]);
  });

  it('holds nothing left over from work', () => {
    // They have to be spelled here to be looked for; this file is left out below.
    const leftover = /\b(debugger|TODO|FIXME|XXX|HACK)\b/;
    expect(linesWhere(code.filter(isNotThisTest), (line) => leftover.test(line))).toEqual([]);
  });

  it('of machines and core is pure: no clock, no chance, nothing asynchronous', () => {
    const pure = bare(written).filter(({ path }) => /^(machines|src\/core)\//.test(path));
    const impure = /\bDate\b|Math\.random|\basync\b|\bawait\b|\bset(Timeout|Interval)\b/;
    expect(linesWhere(pure, (line) => impure.test(line.replace(/'[^']*'/g, '')))).toEqual([]);
  });
});

describe('the tree', () => {
  it('holds nothing at the top that is not part of the design', () => {
    const folders = '.ci adapters docs machines packaging src test';
    const settings = '.gitattributes .gitignore .npmrc .oxlintrc.json knip.json tsconfig.json';
    const packages = 'package.json package-lock.json';
    const pages = 'CHANGELOG.md CONTRIBUTING.md LICENSE NOTICE README.md SECURITY.md';
    const designed = new Set(`${folders} ${settings} ${packages} ${pages}`.split(' '));
    expect(topLevel().filter((name) => !designed.has(name))).toEqual([]);
  });

  it('names no place of one machine and no private registry', () => {
    const places = /(^|[^\w./-])\/(work|home|root|Users)\/\w/;
    const registries = /https?:\/\/[^/\s]*(registry|mirror|artifactory|nexus|verdaccio)[^/\s]*/;
    // A checkout directly below / has a name too plain to look for.
    const isHere = (line: string) => root.lastIndexOf('/') > 0 && line.includes(root);
    const told = (line: string) => isHere(line) || places.test(line) || privateHost(registries.exec(line)?.[0]);
    expect(linesWhere(words.filter(isNotThisTest), told)).toEqual([]);
  });
});

const privateHost = (url: string | undefined): boolean => url !== undefined && url !== 'https://registry.npmjs.org';

describe('tests', () => {
  it('are run: each file is a test, a program that a script names, or used by one of those', () => {
    const byPath = new Map(tests.map((file) => [file.path, file]));
    const scripts = ['package.json', '.ci/run', '.ci/check'].map(readIfThere).join('\n');
    const used = new Set<string>();
    const follow = (file: SourceFile): void => {
      if (used.has(file.path)) return;
      used.add(file.path);
      const targets = [...importsOf(file).map(({ target }) => target), ...programsIn(file)];
      for (const target of targets) {
        const next = byPath.get(target);
        if (next !== undefined) follow(next);
      }
    };
    tests.filter(({ path }) => path.endsWith('.test.ts') || scripts.includes(path)).forEach(follow);
    const configured = (path: string): boolean => path === 'test/vitest.config.ts';
    expect(tests.map(({ path }) => path).filter((path) => !used.has(path) && !configured(path))).toEqual([]);
  });

  it('are all run, or say beside it why not', () => {
    const only = /\b(it|test|describe)(\.\w+)*\.only\b/;
    const skipped = /\b(it|test|describe)(\.\w+)*\.(skip|skipIf|runIf|todo|fails)\b/;
    const reason = /\/\/ \w/;
    expect(linesWhere(bare(tests), (line) => only.test(line))).toEqual([]);
    const silent = (line: string, before: string) => skipped.test(line) && !reason.test(line) && !reason.test(before);
    expect(linesWhere(tests, silent)).toEqual([]);
  });

  it('never wait for a fixed time', () => {
    const sleeps = /new Promise[^;]*setTimeout|timers\/promises|\bsleep\(\s*\d/;
    const own = tests.filter(({ path }) => path.endsWith('.test.ts'));
    expect(linesWhere(bare(own), (line) => sleeps.test(line))).toEqual([]);
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return '';
  }
}
