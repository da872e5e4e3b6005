// The version stands in package.json only, which is above the sources in a checkout and above dist in a package.
import { readFile } from 'node:fs/promises';
import { PathwardenError } from '../errors.ts';

export async function programVersion(): Promise<string> {
  for (const above of ['../..', '../../..']) {
    const text = await readFile(new URL(`${above}/package.json`, import.meta.url), 'utf8').catch(() => null);
    if (text === null) continue;
    const { name, version } = JSON.parse(text) as { name?: unknown; version?: unknown };
    if (name === 'pathwarden' && typeof version === 'string') return version;
  }
  throw new PathwardenError('INTERNAL', 'package.json of pathwarden is missing: install it again');
}
