import { describe, expect, it } from 'vitest';
import { findCycle, importMistakes } from './rules.ts';
import { filesUnder, importsOf, programsIn } from './tree.ts';

const shipped = ['machines', 'src', 'adapters'].flatMap((folder) => filesUnder(folder, ['.ts']));

describe('imports', () => {
  it('follow the table of architecture.md', () => {
    expect(shipped.flatMap(importMistakes)).toEqual([]);
  });

  it('make no cycle', () => {
    const all = [...shipped, ...filesUnder('test', ['.ts'])];
    const edges = (file: (typeof all)[number]) => importsOf(file).flatMap(({ ours, target }) => (ours ? [target] : []));
    expect(findCycle(new Map(all.map((file) => [file.path, edges(file)])))).toBeNull();
  });

  it('name files that exist', () => {
    const known = new Set(shipped.map(({ path }) => path));
    const missing = shipped.flatMap((file) =>
      importsOf(file)
        .filter(({ ours, target }) => ours && target.endsWith('.ts') && !known.has(target))
        .map(({ target }) => `${file.path} → ${target}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('the rules themselves', () => {
  const mistakes = (path: string, text: string) => importMistakes({ path, text });

  it.each([
    ['machines/node/x.ts', `import { readFile } from 'node:fs/promises';`],
    ['machines/node/x.ts', `import type { Clock } from '../../src/ports/clock.ts';`],
    ['src/core/graph.ts', `import { transition } from 'xstate';`],
    ['src/core/step.ts', `import { registry } from '../daemon/registry.ts';`],
    ['src/ports/clock.ts', `import { intent } from '../../machines/intent.ts';`],
    ['src/daemon/actor.ts', `import { setup } from 'xstate';`],
    ['src/daemon/actor.ts', `import { sqliteJournal } from '../../adapters/journal/sqlite.ts';`],
    ['src/http/app.ts', `const x = await import('../daemon/commit.ts');`],
    ['adapters/target/tgt.ts', `import {\n  execa,\n} from 'execa';`],
    ['adapters/target/tgt.ts', `import { fileBackstore } from '../backstore/file.ts';`],
    ['src/daemon/actor.ts', `import Consul from 'consul';`],
    ['src/elsewhere/x.ts', `import '../errors.ts';`],
  ])('object to %s: %s', (path, text) => {
    expect(mistakes(path, text)).toHaveLength(1);
  });

  it.each([
    ['src/core/step.ts', `import { transition } from 'xstate';`],
    ['src/daemon/actor.ts', `import { type AnyStateMachine } from 'xstate';`],
    ['src/ports/clock.ts', `import type { Json } from '../../machines/intent.ts';`],
    ['adapters/consul/client.ts', `import Consul from 'consul';`],
    ['machines/node/x.ts', `// import fs from 'node:fs';\nconst text = "import";`],
  ])('accept %s: %s', (path, text) => {
    expect(mistakes(path, text)).toEqual([]);
  });

  it('find cycles, and programs that are started by name', () => {
    const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));
    expect(findCycle(graph({ a: ['b'], b: ['c'], c: ['b'] }))).toEqual(['b', 'c', 'b']);
    expect(findCycle(graph({ a: ['b', 'c'], b: ['c'], c: [] }))).toBeNull();
    const text = "new Worker(new URL('./x.worker.ts', import.meta.url))";
    expect(programsIn({ path: 'src/a.ts', text })).toContain('src/x.worker.ts');
  });
});
