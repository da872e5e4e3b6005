// Loaded before the daemon's program: main.ts gets a Daemon whose ports lead through the harness. Nothing of the
// product knows about it.
import { registerHooks } from 'node:module';
import { isMainThread } from 'node:worker_threads';

const source = new URL('../../../src/', import.meta.url).href;
const stand = new URL('./daemon.ts', import.meta.url).href;

// The journal's thread loads this too.
if (isMainThread) {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const isOurs = found.url === `${source}daemon/daemon.ts` && context.parentURL === `${source}main.ts`;
      return isOurs ? { ...found, url: stand } : found;
    },
  });
}
