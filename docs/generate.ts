// `npm run docs`: writes every generated page. `npm run docs -- --check` only says which are stale.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedPages } from './pages.ts';

const checkOnly = process.argv.includes('--check');
const stale: string[] = [];

for (const [name, text] of await generatedPages()) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const committed = await readFile(file, 'utf8').catch(() => null);
  if (committed === text) continue;
  stale.push(name);
  if (checkOnly) continue;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

for (const name of stale) console.log(`docs/${name} ${checkOnly ? 'is stale: npm run docs' : 'written'}`);
if (checkOnly && stale.length > 0) process.exitCode = 1;
