// What a machine may lack for some tests. They are left out and it is said why; on CI, and with
// PATHWARDEN_REQUIRE_REAL=1, they fail instead.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** An empty `CI` is none. */
export const isCi = (process.env['CI'] ?? '') !== '';

export const isRequired = isCi || process.env['PATHWARDEN_REQUIRE_REAL'] === '1';

const said = new Set<string>();

/** The same `why`: null where nothing is missing. Said once in each file of tests. */
export function leftOut(what: string, why: string | null): string | null {
  if (why === null) return null;
  if (isRequired) throw new Error(`${what} cannot be tested here: ${why}`);
  if (!said.has(what)) console.warn(`${what} is left out: ${why}`);
  said.add(what);
  return why;
}

export function missingPrograms(...programs: readonly string[]): string | null {
  const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  const missing = programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
  return missing.length === 0 ? null : `missing: ${missing.join(', ')}`;
}

export const notRoot = (): string | null => (process.getuid?.() === 0 ? null : 'not root');
