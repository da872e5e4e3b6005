import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { udpPeers, type UdpPeers } from '../../../adapters/peers/udp.ts';
import { asks, openWire, says, type Wire } from './wire.ts';

let wire: Wire;
beforeEach(async () => {
  wire = await openWire();
});
afterEach(() => wire.close());

const patient = { deadlineMs: 10_000 };
const open = (listen: string, more: object = {}): Promise<UdpPeers> =>
  udpPeers({
    node: 'gw9',
    listen,
    keyFile: join(wire.folder, 'key'),
    clock: systemClock(),
    onRefused: () => {},
    onTrouble: () => {},
    ...more,
  });

describe('what does not fit into one datagram', () => {
  const missed = Object.fromEntries(
    Array.from({ length: 30 }, (_, index) => [`gateway-${String(index)}`.padEnd(63, 'x'), 1000 + index]),
  );

  test('is cut: of the missed nodes those remain that are missed for longest', async () => {
    const gw1 = await wire.node('gw1');
    const gw2 = await wire.node('gw2', { statement: says('gw2', { missed, objection: 'no'.repeat(1000) }) });
    const between = await wire.between(gw2);
    const outcome = await gw1.port.ask({ node: 'gw2', address: between.address }, asks('gw1'), patient);
    expect(outcome).toMatchObject({ kind: 'done', value: { objection: 'no'.repeat(150) } });
    const taken = outcome.kind === 'done' ? Object.values(outcome.value.missed) : [];
    expect(taken.length).toBeGreaterThan(5);
    expect(taken).toEqual(Object.values(missed).toReversed().slice(0, taken.length));
    expect(Math.max(...between.answers.map(({ length }) => length))).toBeLessThanOrEqual(1200);
  });

  test('and cannot be cut is not asked', async () => {
    const gw1 = await wire.node('gw1');
    const question = { node: 'gw1', session: 'x'.repeat(1200), failsafe: false };
    const outcome = await gw1.port.ask({ node: 'gw2', address: '127.0.0.1:9' }, question, patient);
    expect(outcome).toEqual({ kind: 'unknown', reason: 'the question is too long' });
  });
});

describe('an address', () => {
  test('that another program has is said', async () => {
    const gw1 = await wire.node('gw1');
    await expect(open(gw1.port.address)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  });

  test.each(['192.0.2.1:7481', 'gw1:7481'])('that this host does not have is said: %s', async (listen) => {
    await expect(open(listen)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test.each(['gw2:7481', '10.0.0.1', '127.0.0.1:0', '[::1]:7481', '127.0.0.1:99999'])(
    'at which nobody can be asked is unknown at once: %s',
    async (address) => {
      const gw1 = await wire.node('gw1');
      const outcome = await gw1.port.ask({ node: 'gw2', address }, asks('gw1'), patient);
      expect(outcome).toMatchObject({ kind: 'unknown', reason: expect.stringContaining('cannot be reached') });
    },
  );

  test('of IPv4 is reached from a node that listens on every address of IPv6', async () => {
    const gw2 = await wire.node('gw2');
    const everywhere = await open('[::]:0');
    try {
      everywhere.answerWith(() => says('gw9'));
      const there = await everywhere.ask({ node: 'gw2', address: gw2.port.address }, asks('gw9'), patient);
      const address = everywhere.address.replace('[::]', '127.0.0.1');
      const back = await gw2.port.ask({ node: 'gw9', address }, asks('gw2'), patient);
      expect([there, back]).toMatchObject([{ kind: 'done' }, { kind: 'done' }]);
    } finally {
      await everywhere.stop();
    }
  });
});

test('while the key is replaced, nodes that sign with either key understand each other', async () => {
  const [oldKey, newKey] = [join(wire.folder, 'old'), join(wire.folder, 'new')];
  for (const [file, byte] of [[oldKey, '1a'], [newKey, '2b']] as const) {
    await writeFile(file, byte.repeat(32), { mode: 0o600 });
  }
  const before = await open('127.0.0.1:0', { node: 'gw1', keyFile: oldKey, previousKeyFile: newKey });
  const after = await open('127.0.0.1:0', { node: 'gw2', keyFile: newKey, previousKeyFile: oldKey });
  try {
    before.answerWith(() => says('gw1'));
    after.answerWith(() => says('gw2'));
    expect(await before.ask({ node: 'gw2', address: after.address }, asks('gw1'), patient)).toMatchObject({
      kind: 'done',
    });
    expect(await after.ask({ node: 'gw1', address: before.address }, asks('gw2'), patient)).toMatchObject({
      kind: 'done',
    });
  } finally {
    await Promise.all([before.stop(), after.stop(), rm(oldKey)]);
  }
});
