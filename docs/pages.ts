// Every generated page: where it is, and what it must say.
import { machineNames } from '../machines/index.ts';
import { cliReference } from '../src/cli/reference.ts';
import { configReference } from '../src/config/reference.ts';
import { apiPage } from './api-page.ts';
import { machinePage } from './machine-page.ts';

/** Paths are relative to `docs/`. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ...machineNames.map((name) => [`machines/${name}.md`, machinePage(name)] as const),
    ['reference/api.md', await apiPage()],
    ['reference/cli.md', cliReference()],
    ['reference/config.md', configReference()],
  ]);
}
