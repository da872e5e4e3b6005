// The kernel goes on serving when its configfs is unmounted: what cannot be seen any more is not closed by that.
import { expect, test } from 'vitest';
import type { PathKind } from '../../adapters/target/configfs-protocol.ts';
import type { Configfs } from '../../adapters/target/configfs.ts';
import { lioTarget } from '../../adapters/target/lio.ts';
import { done } from '../../src/ports/outcome.ts';

const iqn = 'iqn.2026-11.io.pathwarden:00001';
const patience = { deadlineMs: 1000 };
const portal = { iqn, ip: '127.0.0.1', port: 3260, tag: 1 };

/** Nothing is there; `module`: what is at the place of the kernel's module. */
const nothingShown = (module: PathKind): Configfs => ({
  look: async (what) => done(what.map(() => null)),
  change: async () => done(null),
  kindOf: async () => done(module),
  disabling: () => [],
  givenUp: () => [],
});

test('without its configfs nothing is closed or removed while the target of the kernel is loaded', async () => {
  const target = lioTarget({ kernel: nothingShown('other') });
  const hidden = { kind: 'unknown', reason: expect.stringContaining('sys-kernel-config.mount') };
  expect(await target.ensureClosed(portal, patience)).toMatchObject(hidden);
  expect(await target.ensureRemoved({ disk: '1', iqn }, patience)).toMatchObject(hidden);
});

test('where it is not loaded, nothing can be open', async () => {
  const target = lioTarget({ kernel: nothingShown('none') });
  expect(await target.ensureClosed(portal, patience)).toEqual(done(null));
  expect(await target.ensureRemoved({ disk: '1', iqn }, patience)).toEqual(done(null));
});
