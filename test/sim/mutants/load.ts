// Loaded before everything else: gives the program one mistake on its way from disk, and leaves the files alone.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadedMutant } from './loaded.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const file = url.startsWith('file:') ? fileURLToPath(url).slice(root.length) : '';
    const patches = loadedMutant.patches.filter((patch) => patch.file === file);
    if (patches.length === 0) return loaded;
    const { source: bytes } = loaded;
    let source = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
    for (const { find, replace } of patches) {
      const parts = source.split(find);
      if (parts.length !== 2) {
        const times = String(parts.length - 1);
        throw new Error(`mutant ${loadedMutant.name}: "${find}" is in ${file} ${times} times, and not once`);
      }
      source = parts.join(replace);
    }
    return { ...loaded, source };
  },
});
