// How results look: tables for people, one JSON object for programs.
import Table from 'cli-table3';
import type { PathwardenError } from '../errors.ts';

const lines = ['top', 'bottom', 'left', 'right', 'mid'];
const ends = ['top-left', 'top-right', 'bottom-left', 'bottom-right'];
const joints = ['top-mid', 'bottom-mid', 'left-mid', 'right-mid', 'mid-mid'];
const bare = { ...Object.fromEntries([...lines, ...ends, ...joints].map((part) => [part, ''])), middle: '  ' };

/** A table without borders. `nothing` is said instead of an empty one. */
export function table(head: readonly string[], rows: readonly (readonly string[])[], nothing: string): string {
  if (rows.length === 0) return nothing;
  const drawn = new Table({
    head: [...head],
    chars: bare,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** `name: value` lines, aligned. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 2;
  return pairs.map(([name, value]) => `${`${name}:`.padEnd(width)}${value}`.trimEnd()).join('\n');
}

export const ok = (result: Readonly<Record<string, unknown>>): string => JSON.stringify({ ok: true, ...result });

export function failure(error: PathwardenError): string {
  return JSON.stringify({ ok: false, error: { code: error.code, message: error.message, facts: error.facts } });
}

/** What a person is told: the message, then each mistake of a configuration file on lines of its own. */
export function failureText(error: PathwardenError): string {
  const { mistakes } = error.facts;
  const list = error.code === 'CONFIG_INVALID' && Array.isArray(mistakes) ? mistakes.map(mistakeText) : [];
  return [`pathwarden: ${error.message}`, ...list].join('\n');
}

function mistakeText(mistake: unknown): string {
  const { key, line, reason, example } = mistake as Readonly<Record<string, unknown>>;
  const said = `  line ${String(line)}, ${String(key)}: ${String(reason)}`;
  if (typeof example !== 'string' || example === '') return said;
  return `${said}\n    example: ${example.replaceAll('\n', '\n             ')}`;
}

/** `4 s`, `12 min`, `3 h`, `5 d`. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 1) return `${String(Math.round(seconds * 1000))} ms`;
  if (seconds < 100) return `${String(Math.round(seconds))} s`;
  if (seconds < 6000) return `${String(Math.round(seconds / 60))} min`;
  return seconds < 172_800 ? `${String(Math.round(seconds / 3600))} h` : `${String(Math.round(seconds / 86_400))} d`;
}

/** `2026-01-31 12:03:04.123`, in the time zone of whoever reads it. */
export function clockTime(milliseconds: number): string {
  const at = new Date(milliseconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(at.getFullYear())}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  return `${day} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
