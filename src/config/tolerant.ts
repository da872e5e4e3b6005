// A configuration as far as it goes: what is wrong is left out, so that the rest can still be looked at.
import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { PathwardenError } from '../errors.ts';
import { parseConfig } from './config.ts';
import type { Mistake } from './mistake.ts';
import type { Config } from './schema.ts';

export interface TolerantConfig {
  /** Defaults stand where something is wrong. */
  readonly config: Config;
  /** What the daemon would say; null when it would start with it. */
  readonly error: PathwardenError | null;
  /** `mayNot`: whoever asks may not read it; `failed`: it is there in some way, and cannot be read. */
  readonly read: 'read' | 'missing' | 'mayNot' | 'failed';
}

/** Leaving something out can make something else wrong. */
const roundsMost = 20;

export async function loadTolerantly(file: string): Promise<TolerantConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const code = String(Reflect.get(Object(cause), 'code'));
    const error = new PathwardenError('CONFIG_INVALID', `${file} cannot be read (${code})`, { file }, { cause });
    return { config: parseConfig('', file), error, read: meaning[code] ?? 'failed' };
  }
  const first = attempt(text, file);
  if (!(first instanceof PathwardenError)) return { config: first, error: null, read: 'read' };
  return { config: rest(text, file, first), error: first, read: 'read' };
}

const meaning: Readonly<Record<string, 'missing' | 'mayNot'>> = {
  ENOENT: 'missing', ENOTDIR: 'missing', EACCES: 'mayNot', EPERM: 'mayNot',
};

function attempt(text: string, file: string): Config | PathwardenError {
  try {
    return parseConfig(text, file);
  } catch (error) {
    if (error instanceof PathwardenError && error.code === 'CONFIG_INVALID') return error;
    throw error;
  }
}

function rest(text: string, file: string, first: PathwardenError): Config {
  let error = first;
  let left = text;
  for (let round = 0; round < roundsMost; round += 1) {
    const keys = new Set(mistakesOf(error).map(({ key }) => wholeItem(key)));
    if (keys.has('(file)')) break;
    const value: unknown = parse(left);
    // From the back, so that the places of a list that come before keep their numbers.
    for (const key of [...keys].toReversed()) leaveOut(value, key.split('.'));
    left = stringify(value);
    const next = attempt(left, file);
    if (!(next instanceof PathwardenError)) return next;
    error = next;
  }
  return parseConfig('', file);
}

export const mistakesOf = (error: PathwardenError): readonly Mistake[] => {
  const { mistakes } = error.facts;
  return Array.isArray(mistakes) ? (mistakes as Mistake[]) : [];
};

/** Of a list the whole item is left out, since half a method is none. */
const wholeItem = (key: string): string => /^.*?\.\d+(?=\.|$)/.exec(key)?.[0] ?? key;

/** Without the key itself, what it stands in. */
function leaveOut(value: unknown, path: readonly string[]): void {
  let at = value;
  for (const [depth, step] of path.entries()) {
    if (Array.isArray(at)) {
      at.splice(Number(step), 1);
      return;
    }
    if (typeof at !== 'object' || at === null) return;
    const next: unknown = Reflect.get(at, step);
    const isLast = depth === path.length - 1;
    if (isLast || typeof next !== 'object' || next === null) {
      const hasIt = Object.hasOwn(at, step);
      if (hasIt) Reflect.deleteProperty(at, step);
      else if (depth > 0) leaveOut(value, path.slice(0, depth));
      return;
    }
    at = next;
  }
}
