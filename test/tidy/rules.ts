// Who may import whom. The table is the architecture; the first line whose `from` fits a file decides.
import type { Import, SourceFile } from './tree.ts';
import { importsOf } from './tree.ts';

interface Rule {
  readonly from: RegExp;
  /** Files of ours that may be imported; `$1` stands for what `from` captured. */
  readonly may: readonly string[];
  /** Files of ours whose types may be imported. */
  readonly mayTypes?: readonly string[];
}

const besideAdapters = [
  'adapters/run.ts', 'adapters/ip-show.ts', 'adapters/json.ts', 'adapters/nbd-processes.ts',
  'adapters/shared-call.ts', 'adapters/ss.ts', 'adapters/turns.ts',
];
const leaves = ['src/errors.ts', 'src/log.ts'];
/** What puts adapters and everything else together for one command. */
const roots = ['src/main.ts', 'src/journal-tools.ts', 'src/doctor.ts', 'src/doctor/node-version.ts'];

const rules: readonly Rule[] = [
  { from: /^machines\//, may: ['machines/'] },
  { from: /^src\/(?:errors|log)\.ts$/, may: leaves },
  { from: /^src\/core\//, may: ['src/core/', 'machines/', 'src/errors.ts'], mayTypes: ['src/ports/'] },
  { from: /^src\/ports\//, may: ['src/ports/'], mayTypes: ['machines/', 'src/core/'] },
  {
    from: /^src\/daemon\//,
    may: ['src/daemon/', 'src/core/', 'src/ports/', 'machines/', ...leaves],
    mayTypes: ['src/config/'],
  },
  {
    from: /^src\/http\//,
    may: ['src/http/', 'src/daemon/registry.ts', 'src/core/graph.ts', 'src/core/records.ts', ...leaves],
    mayTypes: ['src/ports/', 'machines/', 'src/config/'],
  },
  {
    from: /^src\/doctor\//,
    may: ['src/doctor/', 'src/config/', 'src/core/records.ts', 'src/core/view.ts', 'src/ports/interface-name.ts',
      'src/ports/ip.ts', 'src/ports/packages.ts', 'src/ports/watchdog.ts', 'src/errors.ts'],
    mayTypes: ['src/ports/'],
  },
  { from: /^src\/config\//, may: ['src/config/', 'src/core/', 'src/errors.ts'], mayTypes: ['src/ports/'] },
  {
    // The demo plays everything that surrounds the daemons: Consul too.
    from: /^src\/cli\/demo\//,
    may: ['src/cli/', 'src/core/records.ts', 'adapters/consul/embedded/', 'adapters/clock/', ...leaves],
    mayTypes: ['src/ports/'],
  },
  {
    // A journal file is read where it lies, also when no daemon runs.
    from: /^src\/cli\/commands\/journal-/,
    may: ['src/cli/', 'adapters/journal/', 'src/journal-tools.ts', ...leaves],
    mayTypes: ['src/http/', 'src/ports/'],
  },
  {
    // What an image says of itself is asked for where the command runs, not by a daemon.
    from: /^src\/cli\/commands\/disk-import\.ts$/,
    may: ['src/cli/', 'src/core/records.ts', 'adapters/backstore/', 'adapters/run.ts', ...leaves],
    mayTypes: ['src/ports/'],
  },
  {
    from: /^src\/cli\//,
    may: ['src/cli/', 'src/config/', 'src/core/records.ts', ...roots, ...leaves],
    mayTypes: ['src/http/', 'src/ports/'],
  },
  { from: /^src\/(?:main|journal-tools|doctor|consul-api)\.ts$/, may: [''] },
  { from: /^src\/[^/]+\.ts$/, may: leaves, mayTypes: ['src/ports/'] },
  {
    // One adapter knows no other; what twins share lies beside run.ts.
    from: /^(adapters\/[^/]+\/)/,
    may: ['$1', ...besideAdapters, 'adapters/memory-', 'src/ports/', 'src/errors.ts'],
    mayTypes: ['machines/', 'src/core/'],
  },
  { from: /^adapters\/dataplane\.ts$/, may: ['adapters/', 'src/ports/', 'src/errors.ts'] },
  {
    from: /^adapters\/[^/]+\.ts$/,
    may: ['src/ports/', 'src/errors.ts', 'adapters/memory-', 'adapters/run.ts', 'adapters/json.ts'],
  },
];

/** A package and the only places that may use it. */
const packages: readonly { readonly name: RegExp; readonly only: RegExp; readonly typesAnywhere?: boolean }[] = [
  { name: /^execa$/, only: /^adapters\/run\.ts$/ },
  { name: /^consul$/, only: /^adapters\/consul\// },
  { name: /^(xstate|xstate\/.*)$/, only: /^(machines|src\/core)\//, typesAnywhere: true },
  { name: /^(fastify|@fastify\/.*)$/, only: /^src\/http\//, typesAnywhere: true },
  { name: /^pino$/, only: /^src\/log\.ts$/, typesAnywhere: true },
  { name: /^(commander|cli-table3)$/, only: /^src\/cli\// },
  { name: /^node:sqlite$/, only: /^adapters\/journal\// },
  { name: /^node:child_process$/, only: /^(adapters\/run\.ts|src\/cli\/|adapters\/traffic\/)/ },
];

const running = new Set(['transition', 'initialTransition', 'getNextSnapshot', 'getInitialSnapshot', 'createActor']);

/** What this file imports and should not, one sentence each. */
export function importMistakes(file: SourceFile): string[] {
  return importsOf(file).flatMap((each) => {
    const reason = each.ours ? reasonAgainstFile(file.path, each) : reasonAgainstPackage(file.path, each);
    return reason === null ? [] : [`${file.path} imports ${each.target}: ${reason}`];
  });
}

function reasonAgainstFile(path: string, { target, typesOnly }: Import): string | null {
  const rule = rules.find(({ from }) => from.test(path));
  if (rule === undefined) return 'no rule covers this folder';
  const own = rule.from.exec(path)?.[1] ?? '';
  const fits = (allowed: readonly string[]): boolean =>
    allowed.some((prefix) => target.startsWith(prefix.replace('$1', own)));
  if (fits(rule.may)) return null;
  if (!fits(rule.mayTypes ?? [])) return 'architecture.md §2 does not allow it';
  return typesOnly ? null : 'only its types may be imported';
}

function reasonAgainstPackage(path: string, { target, typesOnly, names }: Import): string | null {
  if (/^(machines|src\/core)\//.test(path) && target.startsWith('node:')) return 'machines and core are pure';
  const runs = names.some((name) => running.has(name));
  if (runs && path !== 'src/core/step.ts') return 'only src/core/step.ts runs machines';
  const rule = packages.find(({ name }) => name.test(target));
  if (rule === undefined || rule.only.test(path) || (rule.typesAnywhere && typesOnly)) return null;
  return `only ${rule.only.source} may`;
}

/** The first cycle through this graph, as the files on it; null when there is none. */
export function findCycle(graph: ReadonlyMap<string, readonly string[]>): string[] | null {
  const finished = new Set<string>();
  const visit = (node: string, trail: readonly string[]): string[] | null => {
    if (trail.includes(node)) return [...trail.slice(trail.indexOf(node)), node];
    if (finished.has(node)) return null;
    for (const next of graph.get(node) ?? []) {
      const cycle = visit(next, [...trail, node]);
      if (cycle !== null) return cycle;
    }
    finished.add(node);
    return null;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
