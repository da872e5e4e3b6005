// One process per node name and place: what a reinstalled daemon relies on to go on with a session it never heard of.
import { readlinkSync } from 'node:fs';
import { expect, it } from 'vitest';
import { bootId, claimPlace } from '../../src/identity.ts';

const name = `identity test ${String(process.pid)}`;

it('only one process at a time has a node name at a place, and the next one has it when that has ended', async () => {
  const first = await claimPlace(name);
  expect(first.place).toBe(`${await bootId()} ${readlinkSync('/proc/self/ns/net')}`);
  expect((await claimPlace(name)).place).toBeNull();
  first.release();
  const next = await claimPlace(name);
  expect(next.place).toBe(first.place);
  next.release();
});

it('names do not stand in for each other, not even when one begins like the other', async () => {
  const [one, other] = [await claimPlace(name), await claimPlace(`${name}1`)];
  expect([one.place, other.place]).not.toContain(null);
  one.release();
  other.release();
});
