// What holds for every storage that can refuse a node, as that node sees it.
import { describe, expect, test } from 'vitest';
import type { StorageFencePort } from '../../../src/ports/dataplane.ts';
import { done } from '../../../src/ports/outcome.ts';

const patience = { deadlineMs: 30_000 };

export interface Storage {
  /** Somebody fences the node. */
  refuse(node: string): Promise<void>;
  /** The storage as this node meets it. */
  seenBy(node: string): StorageFencePort;
}

export function storageFenceContract(name: string, open: () => Storage): void {
  const refusedOf = async (node: string): Promise<readonly string[]> => {
    const seen = await open().seenBy(node).observe(patience);
    if (seen.kind !== 'done') throw new Error(seen.reason);
    return seen.value.refused;
  };

  describe(`${name}, for a node that it may refuse,`, () => {
    test('says nothing and removes nothing while it does not', async () => {
      expect(await refusedOf('n2')).toEqual([]);
      expect(await open().seenBy('n2').ensureCleared(patience)).toEqual(done({ removed: [] }));
    });

    test('says so, and takes it again when it is told, and nobody else', async () => {
      for (const node of ['n2', 'n3']) await open().refuse(node);
      const entries = await refusedOf('n2');
      expect(entries).toHaveLength(1);
      expect(await open().seenBy('n2').ensureCleared(patience)).toEqual(done({ removed: entries }));
      expect(await refusedOf('n2')).toEqual([]);
      expect((await refusedOf('n3')).length).toBeGreaterThan(0);
      expect(await open().seenBy('n2').ensureCleared(patience)).toEqual(done({ removed: [] }));
    }, 40_000);
  });
}
