// What holds for every backstore, real or not.
import { describe, expect, test } from 'vitest';
import type { BackstorePort, BackstoreSpec } from '../../../src/ports/dataplane.ts';
import { done } from '../../../src/ports/outcome.ts';
import { patience as usual } from './world.ts';

const patience = { deadlineMs: 2 * usual.deadlineMs };
/** A test has several calls. */
const limitMs = 3 * patience.deadlineMs;

export interface Image {
  readonly backstore: BackstorePort;
  readonly spec: BackstoreSpec;
  readonly sizeBytes: number;
  /** Twice as large from now on. */
  grow(): Promise<void>;
  remove(): Promise<void>;
}

/** `open`: an image of its own for each test. */
export function backstoreContract(name: string, open: () => Promise<Image>): void {
  describe(`the ${name} backstore`, () => {
    const asked = async () => {
      const image = await open();
      const request = { disk: '00001', spec: image.spec };
      return { image, attach: () => image.backstore.ensureAttached(request, patience), request };
    };

    test('attaches and detaches, however often it is asked', async () => {
      const { image, attach, request } = await asked();
      for (let round = 1; round <= 2; round += 1) {
        const first = await attach();
        expect(first).toMatchObject({ kind: 'done', value: { sizeBytes: image.sizeBytes } });
        expect(await attach()).toEqual(first);
        for (let time = 1; time <= 2; time += 1) {
          expect(await image.backstore.ensureDetached(request, patience)).toEqual(done(null));
        }
      }
    }, limitMs);

    test('says the size as it is now, at the same path', async () => {
      const { image, attach } = await asked();
      const before = await attach();
      if (before.kind !== 'done') throw new Error(before.reason);
      await image.grow();
      expect(await attach()).toEqual(done({ ...before.value, sizeBytes: 2 * image.sizeBytes }));
    }, limitMs);

    test('refuses an image that is not there as gone', async () => {
      const { image, attach } = await asked();
      await image.remove();
      expect(await attach()).toMatchObject({ kind: 'refused', code: 'gone' });
    }, limitMs);
  });
}
