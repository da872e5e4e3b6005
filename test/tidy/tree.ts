// The files of this checkout, and what each imports.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '..', '..');
const notOurs = new Set(['node_modules', 'dist', 'coverage', '.git', '.pathwarden']);

export interface SourceFile {
  /** From the root of the checkout, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** A path from the root for a file of ours, else the specifier: `node:fs`, `xstate`. */
  readonly target: string;
  readonly ours: boolean;
  readonly typesOnly: boolean;
  /** Names as exported, without `type`; empty for a bare or dynamic import. */
  readonly names: readonly string[];
}

export function filesUnder(folder: string, endings: readonly string[]): SourceFile[] {
  return walk(folder)
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export const topLevel = (): string[] =>
  readdirSync(root).filter((name) => !notOurs.has(name) && !name.endsWith('.log'));

function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (notOurs.has(entry.name)) return [];
    return entry.isDirectory() ? walk(path) : [path];
  });
}

const declaration = /^\s*(?:import|export)\s+(type\s)?\s*([^'";]*?)\s*from\s*'([^']+)'/gm;
const bareOrDynamic = /^\s*import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
const program = /['"`]([\w./-]+\.ts)['"`]/g;

export function importsOf(file: SourceFile): Import[] {
  const code = withoutComments(file.text);
  const named = [...code.matchAll(declaration)].map(([, type, clause = '', specifier = '']) =>
    imported(file.path, specifier, type !== undefined || everyNameIsType(clause), namesIn(clause)),
  );
  const others = [...code.matchAll(bareOrDynamic)].map(([, bare, dynamic]) =>
    imported(file.path, bare ?? dynamic ?? '', false, []),
  );
  return [...named, ...others];
}

/** Files that are started rather than imported: whatever a string names, beside this file or from the root. */
export function programsIn(file: SourceFile): string[] {
  return [...file.text.matchAll(program)].flatMap(([, name = '']) => [posix.join(dirname(file.path), name), name]);
}

/** Keeps strings and line breaks, so that what is found can be located. */
export function withoutComments(text: string): string {
  const pieces = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(pieces, (piece) => (piece.startsWith('/') ? piece.replace(/[^\n]/g, '') : piece));
}

function imported(from: string, specifier: string, typesOnly: boolean, names: readonly string[]): Import {
  const ours = specifier.startsWith('.');
  return { target: ours ? posix.join(dirname(from), specifier) : specifier, ours, typesOnly, names };
}

const listed = (clause: string): string[] =>
  (/\{([^}]*)\}/.exec(clause)?.[1] ?? '').split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));

const namesIn = (clause: string): string[] => listed(clause).map((name) => name.replace(/^type\s+|\s+as\s.*$/g, ''));

function everyNameIsType(clause: string): boolean {
  const names = listed(clause);
  return names.length > 0 && clause.trim().startsWith('{') && names.every((name) => name.startsWith('type '));
}
