import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { openKeyring } from '../../../adapters/peers/keyring.ts';
import { peerKnock } from '../../../adapters/peers/knock.ts';
import { asks, openWire, type Wire } from './wire.ts';

let wire: Wire;
beforeEach(async () => {
  wire = await openWire();
});
afterEach(() => wire.close());

async function knocker(keyFile = join(wire.folder, 'key')) {
  const keyring = await openKeyring({ keyFile, clock: systemClock(), onTrouble: () => undefined });
  return peerKnock({ node: 'gw1', keyring });
}

test('a daemon with our key answers, and has heard no question of anybody', async () => {
  const gw2 = await wire.node('gw2');
  const knocked = await (await knocker()).knock({ node: 'gw2', address: gw2.port.address });
  expect(knocked).toEqual({ kind: 'done', value: null });
  expect(gw2.heard).toEqual([]);
  expect(gw2.refusals).toEqual([]);
});

test('the daemon of this node goes on asking as if nobody had knocked', async () => {
  const [gw1, gw2] = [await wire.node('gw1'), await wire.node('gw2')];
  const peer = { node: 'gw2', address: gw2.port.address };
  const ask = () => gw1.port.ask(peer, asks('gw1'), { deadlineMs: 5000 });
  expect(await ask()).toMatchObject({ kind: 'done' });
  await (await knocker()).knock(peer);
  expect(await ask()).toMatchObject({ kind: 'done' });
  expect(gw2.heard).toHaveLength(2);
  expect(gw2.refusals).toEqual([]);
});

test('silence is unknown: of nobody, of another node, of another key', async () => {
  const gw2 = await wire.node('gw2');
  const otherKey = join(wire.folder, 'other');
  await writeFile(otherKey, '6b'.repeat(32), { mode: 0o600 });
  const [same, other] = [await knocker(), await knocker(otherKey)];
  const outcomes = await Promise.all([
    same.knock({ node: 'gw2', address: '127.0.0.1:9' }),
    same.knock({ node: 'gw3', address: gw2.port.address }),
    other.knock({ node: 'gw2', address: gw2.port.address }),
  ]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ kind: 'unknown' });
});

test('what is no address is refused', async () => {
  expect(await (await knocker()).knock({ node: 'gw2', address: 'gw2' })).toMatchObject({ kind: 'refused' });
});
