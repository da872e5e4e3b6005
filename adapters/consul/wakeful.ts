// A watch that does not sleep through the death of Consul's leader: what the dead one was asked may hang for seconds.
import type { WatchHandlers } from '../../src/ports/cluster.ts';
import type { Outcome } from '../../src/ports/outcome.ts';
import { startWatch, type Watch, type WatchOptions } from './watch.ts';

interface Wakeful {
  readonly watch: (handlers: WatchHandlers) => { stop(): Promise<void> };
  /** Makes the watches ask anew. */
  readonly wake: () => void;
  /** To be told every answer: the first one after a silence makes the watches ask anew. */
  readonly heard: <T>(answer: Promise<Outcome<T>>) => Promise<Outcome<T>>;
}

export function wakeful(options: WatchOptions): Wakeful {
  const watches = new Set<Watch>();
  let isSilent = false;
  const wake = (): void => {
    for (const watch of watches) watch.again();
  };
  return {
    wake,
    watch(handlers) {
      const watch = startWatch(options, handlers);
      watches.add(watch);
      return {
        stop() {
          watches.delete(watch);
          return watch.stop();
        },
      };
    },
    async heard(answer) {
      const outcome = await answer;
      const isOver = isSilent && outcome.kind !== 'unknown';
      isSilent = outcome.kind === 'unknown';
      if (isOver) wake();
      return outcome;
    },
  };
}
