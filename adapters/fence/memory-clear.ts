// The memory twin of a storage that refuses nodes, as one of them sees it.
import type { StorageFencePort } from '../../src/ports/dataplane.ts';
import { done } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryNetwork } from '../memory-host.ts';

export function memoryStorageFence({ refused }: MemoryNetwork, node: string, guard: Guard): StorageFencePort {
  return {
    observe: (options) => guard('storage.observe', options, () => done({ refused: refused.has(node) ? [node] : [] })),
    ensureCleared: (options) =>
      guard('storage.ensureCleared', options, () => done({ removed: refused.delete(node) ? [node] : [] })),
  };
}
