// One contract for the connections of initiators, and what the kernel makes of those that a former owner left behind.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { memoryConnections } from '../../../adapters/connections/memory.ts';
import { memoryDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { nftTraffic } from '../../../adapters/traffic/nft.ts';
import type { Connection, ConnectionsPort } from '../../../src/ports/dataplane.ts';
import { idleInitiators, port } from './idle-initiators.ts';
import { patience, realPartsMissing } from './world.ts';

const done = { kind: 'done', value: null };
const ips = ['10.9.0.1', 'fd00::1'];
const peerOf = (ip: string): string => ip.replace(/1$/, '2');

/** A node with 10.9.0.1 and fd00::1. */
interface Host {
  readonly own: ConnectionsPort;
  /** An initiator at `peerOf(ip)` connects. */
  connect(ip: string): Promise<unknown>;
  endAll(): Promise<void>;
  close(): Promise<void>;
}

const subjects: readonly { readonly name: string; readonly missing: string | null; start(): Promise<Host> }[] = [
  { name: 'memory', missing: null, start: ofMemory },
  { name: 'kernel', missing: realPartsMissing(), start: idleInitiators },
];

async function ofMemory(): Promise<Host> {
  const { host, address } = memoryDataPlane({ node: 'n1', network: memoryNetwork(), clock: systemClock() });
  for (const ip of ips) await address.ensureAdded({ ip, prefix: 24, interface: 'eth0' }, patience);
  return {
    own: memoryConnections(host),
    async connect(ip) {
      const peer = { ip: peerOf(ip), port: 40_000 + host.connections.length };
      host.connections.push({ portal: { ip, port }, peer });
    },
    async endAll() {
      host.connections.length = 0;
    },
    close: async () => undefined,
  };
}

async function seenBy(own: ConnectionsPort, ...ports: readonly number[]): Promise<readonly Connection[]> {
  const view = await own.observe(ports, patience);
  if (view.kind !== 'done') throw new Error(view.reason);
  return view.value;
}

for (const subject of subjects) {
  // Skipped where a program or root is missing, which in CI is a failure.
  describe.skipIf(subject.missing !== null)(`the connections of the ${subject.name}`, () => {
    let host: Host;
    let own: ConnectionsPort;
    beforeAll(async () => {
      host = await subject.start();
      ({ own } = host);
    });
    afterEach(() => host.endAll());
    afterAll(() => host.close());

    test.each(ips)('to %s are seen by their port', async (ip) => {
      expect(await seenBy(own, port)).toEqual([]);
      await host.connect(ip);
      const connection = { portal: { ip, port }, peer: { ip: peerOf(ip), port: expect.any(Number) } };
      expect(await seenBy(own, 1, port)).toEqual([connection]);
      expect(await seenBy(own, 1)).toEqual([]);
      expect(await seenBy(own)).toEqual([]);
    });

    test.each(ips)('to %s that live are not disturbed, and unknown ones harm nobody', async (ip) => {
      await host.connect(ip);
      const [living] = await seenBy(own, port);
      expect(await own.tickle(living as Connection, patience)).toEqual(done);
      const unknown = { portal: { ip, port }, peer: { ip: peerOf(ip), port: 9 } };
      expect(await own.tickle(unknown, patience)).toEqual(done);
      // Behind what was sent before, on the same cable.
      await host.connect(ip);
      const seen = await seenBy(own, port);
      expect(seen).toContainEqual(living);
      expect(seen).toHaveLength(2);
    });

    test.each([
      ['10.9.0.77', '10.9.0.2'], ['fd00::77', 'fd00::2'],
    ])('are not tickled from %s, which is not here', async (ip, peer) => {
      const foreign = { portal: { ip, port }, peer: { ip: peer, port: 9 } };
      expect(await own.tickle(foreign, patience)).toMatchObject({ kind: 'refused' });
    });

    test.each([
      ['10.9.0.2,fork', 9], ['fe80::1%eth0', 9], ['10.9.0', 9], ['', 9],
      ['10.9.0.2', 0], ['10.9.0.2', 70_000], ['10.9.0.2', 9.5], ['fd00::2', 9],
    ])('with %j %d at one end are none', async (ip, strangePort) => {
      const [strange, sound] = [{ ip, port: strangePort }, { ip: '10.9.0.1', port }];
      const refused = { kind: 'refused', reason: 'this is no connection' };
      expect(await own.tickle({ portal: sound, peer: strange }, patience)).toEqual(refused);
      expect(await own.tickle({ portal: strange, peer: sound }, patience)).toEqual(refused);
    });
  });
}

// Skipped where a program or root is missing, which in CI is a failure.
describe.skipIf(realPartsMissing() !== null)('connections to a real server', () => {
  let host: Awaited<ReturnType<typeof idleInitiators>>;
  beforeAll(async () => {
    host = await idleInitiators();
  });
  afterEach(() => host.endAll());
  afterAll(() => host.close());

  test.each(ips)('to %s that an owner left behind are reset at once', async (ip) => {
    const client = await host.connect(ip);
    const [left] = await seenBy(host.own, port);
    // The server goes and the initiator hears nothing of it.
    const traffic = nftTraffic({ run: host.world.gateway });
    await traffic.ensureBlocked(ip, patience);
    await host.endServer(ip);
    await host.must(`ss -K -t -n src ${ip.includes(':') ? `[${ip}]` : ip} sport = :${port}`);
    await traffic.ensureUnblocked(ip, patience);
    expect(await seenBy(host.own, port)).toEqual([]);
    const answer = client.said();
    expect(await host.own.tickle(left as Connection, patience)).toEqual(done);
    expect(await answer).toBe('ECONNRESET');
  });

  test.each(ips)('to %s are seen to end when ends are let out', async (ip) => {
    const client = await host.connect(ip);
    const traffic = nftTraffic({ run: host.world.gateway });
    await traffic.ensureBlocked(ip, patience);
    await traffic.ensureBlocked(ip, patience, 'ends');
    const answer = client.said();
    await host.endServer(ip);
    expect(await answer).toBe('end');
    await traffic.ensureUnblocked(ip, patience);
  });

  test('are unknown when they cannot be read', async () => {
    expect(await host.own.observe([port], { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  });
});
