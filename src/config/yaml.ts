// YAML with the line of every key. Syntax errors are mistakes like all others.
import { isMap, isNode, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { Mistake } from './mistake.ts';

export interface YamlSource {
  /** Plain data; an empty object for an empty file. */
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** Line of the key, or of the nearest one above it that the file has. */
  lineOf(path: readonly (string | number)[]): number;
}

export function parseYaml(text: string): YamlSource {
  const lines = new LineCounter();
  // No excerpts in messages: a line of the file may hold a secret that was put there by mistake.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const mistakes = [...document.errors, ...document.warnings].map((error) => ({
    key: '(file)',
    line: lines.linePos(error.pos[0]).line,
    reason: error.code === 'DUPLICATE_KEY' ? 'the same key is given twice' : `not YAML: ${wording(error.code)}`,
    example: 'node:\n  name: gw1',
  }));
  return {
    value: mistakes.length > 0 ? {} : (document.toJS({ maxAliasCount: 100 }) ?? {}),
    mistakes,
    lineOf: (path) => lineOf(document, lines, path),
  };
}

const wording = (code: string): string => code.toLowerCase().replaceAll('_', ' ');

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number {
  let at: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    let next: unknown;
    if (isMap(at)) {
      const pair = at.items.find((item) => isNode(item.key) && String(item.key) === String(step));
      if (pair === undefined) break;
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      next = pair.value;
    } else if (isSeq(at)) {
      next = at.items[Number(step)];
      offset = isNode(next) ? (next.range?.[0] ?? offset) : offset;
    }
    if (next === undefined) break;
    at = next;
  }
  return lines.linePos(offset).line;
}
