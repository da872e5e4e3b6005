// Loaded before everything else: gives the program one mistake on its way from disk, and leaves the files alone.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mutants } from './list.ts';

const name = process.env['PATHWARDEN_SIM_MUTANT'] ?? '';
const mutant = mutants.find((each) => each.name === name);
if (mutant === undefined) throw new Error(`no mutant is called ${name}`);
const root = fileURLToPath(new URL('../../../', import.meta.url));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const file = url.startsWith('file:') ? fileURLToPath(url).slice(root.length) : '';
    const patches = mutant.patches.filter((patch) => patch.file === file);
    if (patches.length === 0) return loaded;
    const { source: bytes } = loaded;
    let source = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    for (const { find, replace } of patches) {
      const parts = source.split(find);
      if (parts.length !== 2) {
        throw new Error(`mutant ${name}: "${find}" is in ${file} ${String(parts.length - 1)} times, and not once`);
      }
      source = parts.join(replace);
    }
    return { ...loaded, source };
  },
});
