// One contract for the packet filter, and what an initiator sees of the real one.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { iproute2Address } from '../../../adapters/address/iproute2.ts';
import { systemClock } from '../../../adapters/clock/system.ts';
import { memoryDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { nftTraffic } from '../../../adapters/traffic/nft.ts';
import { noTraffic } from '../../../adapters/traffic/none.ts';
import type { TrafficPort } from '../../../src/ports/dataplane.ts';
import { createWorld, mustOf, patience, realPartsMissing, type World } from './world.ts';

const done = { kind: 'done', value: null };
let world: World;

const subjects = [
  {
    name: 'memory',
    missing: null,
    refusesNonsense: true,
    start: async () => memoryDataPlane({ node: 'n1', network: memoryNetwork(), clock: systemClock() }).traffic,
    stop: async () => undefined,
  },
  {
    name: 'absent',
    missing: null,
    refusesNonsense: false,
    start: async () => noTraffic(),
    stop: async () => undefined,
  },
  {
    name: 'nft',
    missing: realPartsMissing(),
    refusesNonsense: true,
    async start() {
      world = await createWorld();
      return nftTraffic({ run: world.gateway });
    },
    stop: () => world.close(),
  },
];

for (const subject of subjects) {
  // Skipped where a program or root is missing, which in CI is a failure.
  describe.skipIf(subject.missing !== null)(`the ${subject.name} packet filter`, () => {
    let traffic: TrafficPort;
    beforeAll(async () => {
      traffic = await subject.start();
    });
    afterAll(() => subject.stop());

    test('unblocks what was never blocked', async () => {
      expect(await traffic.ensureUnblocked('10.9.0.1', patience)).toEqual(done);
    });

    test('says what it holds back, also when another instance asked for it', async () => {
      const shown = async () => {
        const seen = await traffic.observe(patience);
        return seen.kind === 'done' ? seen.value.toSorted() : seen;
      };
      expect(await shown()).toEqual([]);
      for (const ip of ['10.9.0.1', 'fd00::1', '10.9.0.10']) await traffic.ensureBlocked(ip, patience);
      expect(await shown()).toEqual(subject.name === 'absent' ? [] : ['10.9.0.1', '10.9.0.10', 'fd00::1']);
      for (const ip of ['10.9.0.1', 'fd00::1', '10.9.0.10']) await traffic.ensureUnblocked(ip, patience);
      expect(await shown()).toEqual([]);
    });

    test('blocks and unblocks, however often it is asked', async () => {
      for (const ip of ['10.9.0.1', '10.9.0.1', 'fd00::1', 'fd00::1']) {
        expect(await traffic.ensureBlocked(ip, patience)).toEqual(done);
      }
      for (const ip of ['10.9.0.1', '10.9.0.1', 'fd00::1', 'fd00::1']) {
        expect(await traffic.ensureUnblocked(ip, patience)).toEqual(done);
      }
    });

    const nonsense = subject.refusesNonsense ? ['10.9.0.1; flush ruleset', '10.9.0'] : [];
    test.each(nonsense)('refuses %j, which is no address', async (ip) => {
      expect(await traffic.ensureBlocked(ip, patience)).toMatchObject({ kind: 'refused' });
      expect(await traffic.ensureUnblocked(ip, patience)).toMatchObject({ kind: 'refused' });
    });
  });
}

// Skipped where a program or root is missing, which in CI is a failure.
describe.skipIf(realPartsMissing() !== null)('nft', () => {
  let traffic: TrafficPort;
  let must: ReturnType<typeof mustOf>;
  /** Whether the initiator gets the error of a host on which nothing listens, instead of silence. */
  const reaches = async (ip: string): Promise<boolean> => {
    const script = "require('net').connect(9, process.argv[1]).on('error', () => process.exit(7))";
    const result = await world.initiator(['timeout', '0.5', process.execPath, '-e', script, ip], patience);
    return result.kind === 'exited' && result.code === 7;
  };

  beforeAll(async () => {
    world = await createWorld();
    must = mustOf(world.gateway);
    traffic = nftTraffic({ run: world.gateway });
    for (const ip of ['10.9.0.1', '10.9.0.10']) await must('ip', 'addr', 'add', `${ip}/24`, 'dev', 'eth0');
  });
  afterAll(() => world.close());

  test('shows silence instead of errors on the blocked address only', async () => {
    expect(await reaches('10.9.0.1')).toBe(true);
    await traffic.ensureBlocked('10.9.0.1', patience);
    expect(await reaches('10.9.0.1')).toBe(false);
    expect(await reaches('10.9.0.10')).toBe(true);
    await traffic.ensureUnblocked('10.9.0.1', patience);
    expect(await reaches('10.9.0.1')).toBe(true);
  });

  test('shows the same silence to whoever connects when the ends of connections are let out', async () => {
    await traffic.ensureBlocked('10.9.0.1', patience, 'ends');
    expect(await reaches('10.9.0.1')).toBe(false);
    await traffic.ensureUnblocked('10.9.0.1', patience);
    expect(await reaches('10.9.0.1')).toBe(true);
  });

  test('holds IPv6 back in the same way, and does not answer for it meanwhile', async () => {
    await must('ip', 'addr', 'add', 'fd00::1/64', 'dev', 'eth0', 'nodad');
    await world.initiator(['ip', 'addr', 'add', 'fd00::2/64', 'dev', 'eth0', 'nodad'], patience);
    const neighbour = iproute2Address({ run: world.initiator });
    const asked = () => neighbour.probe({ ip: 'fd00::1', prefix: 64, interface: 'eth0' }, 300, patience);
    await vi.waitUntil(async () => (await asked()).kind !== 'refused', { timeout: patience.deadlineMs });
    expect(await asked()).toMatchObject({ value: { answeredBy: expect.stringContaining(':') } });
    expect(await reaches('fd00::1')).toBe(true);
    await traffic.ensureBlocked('fd00::1', patience);
    expect(await reaches('fd00::1')).toBe(false);
    expect(await asked()).toEqual({ kind: 'done', value: { answeredBy: null } });
    await traffic.ensureUnblocked('fd00::1', patience);
    expect(await reaches('fd00::1')).toBe(true);
  });

  test('cannot say what it holds back when nobody lets it look', async () => {
    expect(await traffic.observe({ deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  });

  test('keeps what another instance has blocked', async () => {
    await traffic.ensureBlocked('10.9.0.1', patience);
    const next = nftTraffic({ run: world.gateway });
    await next.ensureBlocked('10.9.0.10', patience);
    expect(await reaches('10.9.0.1')).toBe(false);
    await next.ensureUnblocked('10.9.0.1', patience);
    expect(await reaches('10.9.0.1')).toBe(true);
    expect(await reaches('10.9.0.10')).toBe(false);
    await next.ensureUnblocked('10.9.0.10', patience);
  });

  test('makes its tables again when a firewall that was loaded anew took them away', async () => {
    for (const family of ['inet', 'arp']) await must('nft', 'delete', 'table', family, 'pathwarden');
    await traffic.ensureBlocked('10.9.0.1', patience);
    expect(await reaches('10.9.0.1')).toBe(false);
    await traffic.ensureUnblocked('10.9.0.1', patience);
  });

  test('mends its tables at a start when rules are missing, and has each rule once', async () => {
    await must('nft', 'flush', 'chain', 'inet', 'pathwarden', 'outgoing');
    await must('nft', 'delete', 'chain', 'inet', 'pathwarden', 'incoming');
    const next = nftTraffic({ run: world.gateway });
    await next.ensureBlocked('10.9.0.1', patience);
    expect(await reaches('10.9.0.1')).toBe(false);
    await next.ensureUnblocked('10.9.0.1', patience);
    const rules = await must('nft', 'list', 'table', 'inet', 'pathwarden');
    expect(rules.match(/ drop/g)).toHaveLength(4);
  });

  test('does not answer for a blocked address, so that neighbours wait for its announcement', async () => {
    const neighbour = iproute2Address({ run: world.initiator });
    const asked = () => neighbour.probe({ ip: '10.9.0.10', prefix: 24, interface: 'eth0' }, 100, patience);
    expect(await asked()).toMatchObject({ value: { answeredBy: expect.stringContaining(':') } });
    await traffic.ensureBlocked('10.9.0.10', patience);
    expect(await asked()).toEqual({ kind: 'done', value: { answeredBy: null } });
    await traffic.ensureUnblocked('10.9.0.10', patience);
    expect(await asked()).toMatchObject({ value: { answeredBy: expect.stringContaining(':') } });
  });

  test('leaves the tables of others alone', async () => {
    await must('nft', 'add', 'table', 'inet', 'theirs');
    const before = await must('nft', 'list', 'table', 'inet', 'theirs');
    await traffic.ensureBlocked('10.9.0.1', patience);
    await traffic.ensureUnblocked('10.9.0.1', patience);
    expect(await must('nft', 'list', 'table', 'inet', 'theirs')).toBe(before);
  });
});
