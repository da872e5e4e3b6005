// One contract for the addresses of a node: iproute2 with arping, ndisc6 and ndptool, the memory twin and the loopback
// twin.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { iproute2Address } from '../../../adapters/address/iproute2.ts';
import { systemClock } from '../../../adapters/clock/system.ts';
import { loopbackDataPlane, memoryDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import type { Address, AddressPort } from '../../../src/ports/dataplane.ts';
import { createWorld, mustOf, patience, realPartsMissing, type World } from './world.ts';

const done = { kind: 'done', value: null };

interface Subject {
  readonly name: string;
  readonly missing: string | null;
  /** `${base}1`, `${base}10`, … are used; a neighbour has `${base}2`. */
  readonly base: string;
  readonly interface: string;
  start(): Promise<{ own: AddressPort; linkAddressOfNeighbour: () => Promise<string> }>;
  stop(): Promise<void>;
}

let world: World;
let closeNeighbour = async (): Promise<unknown> => null;

const subjects: readonly Subject[] = [
  {
    name: 'memory',
    missing: null,
    base: '10.9.0.',
    interface: 'eth0',
    async start() {
      const network = memoryNetwork();
      const on = (node: string) => memoryDataPlane({ node, network, clock: systemClock() });
      const neighbour = on('n2');
      await neighbour.address.ensureAdded({ ip: '10.9.0.2', prefix: 24, interface: 'eth0' }, patience);
      return { own: on('n1').address, linkAddressOfNeighbour: async () => neighbour.host.linkAddress };
    },
    stop: async () => undefined,
  },
  {
    name: 'loopback',
    missing: null,
    base: '127.8.0.',
    interface: 'lo',
    async start() {
      const settings = { portalPort: 13_261 };
      const neighbour = loopbackDataPlane({ node: 'n2', ...settings });
      const iqn = 'iqn.2026-11.io.pathwarden:1';
      const portal = { iqn, ip: '127.8.0.2', port: 13_261 };
      const backing = { kind: 'memory' as const, path: '1', sizeBytes: 1 };
      await neighbour.address.ensureAdded({ ip: portal.ip, prefix: 24, interface: 'lo' }, patience);
      const spec = { disk: '1', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };
      await neighbour.target.ensureDefined(spec, patience);
      await neighbour.target.ensureOpen(portal, patience);
      closeNeighbour = () => neighbour.target.ensureClosed(portal, patience);
      const own = loopbackDataPlane({ node: 'n1', ...settings }).address;
      return { own, linkAddressOfNeighbour: async () => `pathwarden n2 ${iqn}` };
    },
    stop: async () => void (await closeNeighbour()),
  },
  {
    name: 'iproute2',
    missing: realPartsMissing(),
    base: '10.9.0.',
    interface: 'eth0',
    async start() {
      world = await createWorld();
      const linkAddressOfNeighbour = async (): Promise<string> => {
        const shown = await mustOf(world.initiator)('ip -j link show dev eth0');
        return (JSON.parse(shown) as { address: string }[])[0]?.address ?? '';
      };
      return { own: iproute2Address({ run: world.gateway }), linkAddressOfNeighbour };
    },
    stop: () => world.close(),
  },
];

for (const subject of subjects) {
  // Skipped where a program or root is missing, which in CI is a failure.
  describe.skipIf(subject.missing !== null)(`the ${subject.name} addresses`, () => {
    const at = (tail: number): Address => ({ ip: `${subject.base}${tail}`, prefix: 24, interface: subject.interface });
    let own: AddressPort;
    let linkAddressOfNeighbour: () => Promise<string>;
    const present = async (): Promise<string[]> => {
      const view = await own.observe(patience);
      if (view.kind !== 'done') throw new Error(view.reason);
      const ours = view.value.filter(({ ip }) => ip.startsWith(subject.base));
      return ours.map(({ ip, prefix, interface: name }) => `${ip}/${prefix} ${name}`).toSorted();
    };
    const shown = (...tails: number[]): string[] =>
      tails.map((tail) => `${subject.base}${tail}/24 ${subject.interface}`).toSorted();

    beforeAll(async () => {
      ({ own, linkAddressOfNeighbour } = await subject.start());
    });
    afterAll(() => subject.stop());

    test('are found to be unused when nobody answers', async () => {
      expect(await own.probe(at(77), 100, patience)).toEqual({ kind: 'done', value: { answeredBy: null } });
    });

    test('are found to be in use by whoever answers', async () => {
      const answeredBy = await linkAddressOfNeighbour();
      expect(await own.probe(at(2), 1000, patience)).toEqual({ kind: 'done', value: { answeredBy } });
    });

    test('are not announced before they are there', async () => {
      expect(await own.announce(at(10), patience)).toMatchObject({ kind: 'refused' });
    });

    test('are added once, however often it is asked', async () => {
      for (const tail of [10, 1, 100, 10, 1, 100]) expect(await own.ensureAdded(at(tail), patience)).toEqual(done);
      expect(await present()).toEqual(shown(1, 10, 100));
    });

    test('are not found in use by the node itself', async () => {
      expect(await own.probe(at(10), 100, patience)).toEqual({ kind: 'done', value: { answeredBy: null } });
    });

    test('are announced', async () => {
      expect(await own.announce(at(10), patience)).toEqual(done);
    });

    test('are removed one by one: those that begin alike stay', async () => {
      expect(await own.ensureRemoved(at(10), patience)).toEqual(done);
      expect(await present()).toEqual(shown(1, 100));
      expect(await own.ensureRemoved(at(1), patience)).toEqual(done);
      expect(await own.ensureRemoved(at(1), patience)).toEqual(done);
      expect(await own.ensureRemoved(at(0), patience)).toEqual(done);
      expect(await present()).toEqual(shown(100));
      expect(await own.ensureRemoved(at(100), patience)).toEqual(done);
      expect(await present()).toEqual([]);
    });
  });
}

// Skipped where a program or root is missing, which in CI is a failure.
describe.skipIf(realPartsMissing() !== null)('iproute2', () => {
  let own: AddressPort;
  let must: ReturnType<typeof mustOf>;
  const at = (ip: string, over: Partial<Address> = {}): Address => ({ ip, prefix: 24, interface: 'eth0', ...over });

  beforeAll(async () => {
    world = await createWorld();
    must = mustOf(world.gateway);
    own = iproute2Address({ run: world.gateway });
    await must('ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'eth2');
    await must('ip', 'link', 'set', 'eth1', 'up');
  });
  afterAll(() => world.close());

  test('keeps the later addresses of a subnet when the first is removed', async () => {
    await must('sysctl', '-q', '-w', 'net/ipv4/conf/all/promote_secondaries=0');
    await must('sysctl', '-q', '-w', 'net/ipv4/conf/eth0/promote_secondaries=0');
    for (const ip of ['10.8.0.1', '10.8.0.2', '10.8.0.3']) {
      expect(await own.ensureAdded(at(ip), patience)).toEqual(done);
    }
    expect(await own.ensureRemoved(at('10.8.0.1'), patience)).toEqual(done);
    const left = await must('ip', '-o', 'addr', 'show', 'dev', 'eth0');
    expect(left).toContain('10.8.0.2/24');
    expect(left).toContain('10.8.0.3/24');
  });

  test('says that an interface is not there instead of going on', async () => {
    const nowhere = at('10.8.1.1', { interface: 'eth7' });
    const refused = { kind: 'refused', reason: expect.stringMatching(/Cannot find device/) };
    expect(await own.ensureAdded(nowhere, patience)).toMatchObject(refused);
    expect(await own.probe(nowhere, 50, patience)).toMatchObject({ kind: 'refused' });
  });

  test('leaves the same IP alone on another interface or with another prefix: it is somebody else\'s', async () => {
    await must('ip', 'addr', 'add', '10.8.2.1/32', 'dev', 'eth1');
    expect(await own.ensureAdded(at('10.8.2.1'), patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('eth1'),
    });
    expect(await own.ensureRemoved(at('10.8.2.1'), patience)).toEqual(done);
    expect(await own.ensureRemoved(at('10.8.2.1', { interface: 'eth1' }), patience)).toEqual(done);
    expect(await must('ip', '-o', 'addr')).toContain('10.8.2.1/32');
    expect(await own.ensureRemoved(at('10.8.2.1', { interface: 'eth1', prefix: 32 }), patience)).toEqual(done);
    expect(await must('ip', '-o', 'addr')).not.toContain('10.8.2.1');
  });

  test('leaves the addresses of others alone', async () => {
    await must('ip', 'addr', 'add', '192.0.2.7/24', 'dev', 'eth1');
    expect(await own.ensureAdded(at('10.8.3.1'), patience)).toEqual(done);
    expect(await own.ensureRemoved(at('10.8.3.1'), patience)).toEqual(done);
    const view = await own.observe(patience);
    expect(view).toMatchObject({ kind: 'done' });
    expect(view.kind === 'done' && view.value).toContainEqual({ ip: '192.0.2.7', prefix: 24, interface: 'eth1' });
  });

  test('adds and removes IPv6 addresses, whichever way they are written', async () => {
    const long = at('fd00:0:0::10', { prefix: 64 });
    expect(await own.ensureAdded(long, patience)).toEqual(done);
    expect(await own.ensureAdded(at('fd00::10', { prefix: 64 }), patience)).toEqual(done);
    expect(await must('ip', '-6', 'addr', 'show', 'dev', 'eth0')).not.toMatch(/fd00::10.*tentative/);
    expect(await own.ensureRemoved(at('fd00::1', { prefix: 64 }), patience)).toEqual(done);
    expect(await must('ip', '-6', 'addr')).toContain('fd00::10/64');
    expect(await own.ensureRemoved(long, patience)).toEqual(done);
    expect(await must('ip', '-6', 'addr')).not.toContain('fd00::10');
    expect(await own.announce(long, patience)).toMatchObject({ kind: 'refused' });
  });

  test('does not take an IPv6 address for usable that the kernel still asks about, or found to be in use', async () => {
    const six = at('fd00::60', { prefix: 64 });
    // The link's own address, from which others are asked.
    const flagged = (flag: string): Promise<string> => must('ip', '-6', 'addr', 'show', 'dev', 'eth0', flag);
    await vi.waitUntil(async () => (await flagged('tentative')) === '', { timeout: patience.deadlineMs });
    await world.initiator(['ip', 'addr', 'add', 'fd00::60/64', 'dev', 'eth0', 'nodad'], patience);
    expect(await own.probe(six, 1000, patience)).toMatchObject({ value: { answeredBy: expect.stringContaining(':') } });
    await must('ip', 'addr', 'add', 'fd00::60/64', 'dev', 'eth0');
    const found = async (): Promise<boolean> => {
      if ((await flagged('dadfailed')) !== '') return true;
      expect(await own.ensureAdded(six, patience)).not.toEqual(done);
      return false;
    };
    await vi.waitUntil(found, { timeout: patience.deadlineMs });
    expect(await own.ensureAdded(six, patience)).toMatchObject({
      kind: 'refused',
      reason: 'somebody else has fd00::60: the kernel found it when it was added',
    });
    expect(await own.ensureRemoved(six, patience)).toEqual(done);
    await world.initiator(['ip', 'addr', 'del', 'fd00::60/64', 'dev', 'eth0'], patience);
  });

  test('is unknown past its deadline', async () => {
    expect(await own.observe({ deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
    expect(await own.ensureAdded(at('10.8.4.1'), { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
    expect(await own.probe(at('10.8.4.1'), 1000, { deadlineMs: 300 })).toMatchObject({ kind: 'unknown' });
  });

  const places = ['stale', 'reachable'].flatMap((state) => ['10.9.0.50', 'fd00::50'].map((ip) => ({ ip, state })));
  test.each(places)('tells a neighbour at once where $ip is now, whose entry is $state', async ({ ip, state }) => {
    const moved = at(ip, { prefix: ip.includes(':') ? 64 : 24 });
    const neighbour = async (): Promise<string> => {
      const result = await world.initiator(['ip', 'neigh', 'show', ip], patience);
      return result.kind === 'exited' ? result.stdout : '';
    };
    const entry = ['lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', state];
    await world.initiator(['ip', 'neigh', 'replace', ip, ...entry], patience);
    expect(await neighbour()).toContain('02:00:00:00:00:99');
    await own.ensureAdded(moved, patience);
    expect(await own.announce(moved, patience)).toEqual(done);
    const [link] = JSON.parse(await must('ip', '-j', 'link', 'show', 'dev', 'eth0')) as { address: string }[];
    expect(await neighbour()).toContain(link?.address);
    await own.ensureRemoved(moved, patience);
  });
});
