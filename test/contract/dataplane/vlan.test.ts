// VLAN interfaces come with the first address that needs them and go with the last: one contract for the kernel's
// (8021q) and the memory twin. Many kernels of containers have no VLANs: `npm run vm` has one.
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { iproute2Address } from '../../../adapters/address/iproute2.ts';
import { systemClock } from '../../../adapters/clock/system.ts';
import { memoryDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { createRunner } from '../../../adapters/run.ts';
import type { Address, AddressPort } from '../../../src/ports/dataplane.ts';
import { mustOf, patience, realPartsMissing } from './world.ts';

const done = { kind: 'done', value: null };
/** An emulated machine may need seconds before arping begins to ask. */
const probeMs = process.env['PATHWARDEN_VM'] === undefined ? 100 : 5_000;
const free = { kind: 'done', value: { answeredBy: null } };
const on = (vlan: number, tail: number): Address => ({
  ip: `10.9.${vlan}.${tail}`, prefix: 24, interface: `eth1.${vlan}`,
});
const six: Address = { ip: 'fd00::1', prefix: 64, interface: 'eth1.5' };

interface Host {
  own: AddressPort;
  /** Another daemon on the same host. */
  next: () => AddressPort;
  vlans: () => Promise<string[]>;
}
interface Subject {
  readonly name: string;
  readonly missing: string | null;
  start(): Promise<Host>;
  stop(): Promise<void>;
}

const onHost = mustOf(createRunner());
const names = { gateway: `pwvl-g${process.pid.toString(36)}`, neighbour: `pwvl-n${process.pid.toString(36)}` };
const gateway = createRunner({ prefixArgv: ['ip', 'netns', 'exec', names.gateway] });
const must = mustOf(gateway);
const neighbour = mustOf(createRunner({ prefixArgv: ['ip', 'netns', 'exec', names.neighbour] }));

/** Elsewhere the virtual machine tries them. */
const hasVlans = process.env['PATHWARDEN_VM'] !== undefined || existsSync('/sys/module/8021q');

const subjects: readonly Subject[] = [
  {
    name: 'of the memory twin',
    missing: null,
    async start() {
      const network = memoryNetwork();
      const plane = () => memoryDataPlane({ node: 'n1', network, clock: systemClock() });
      return {
        own: plane().address,
        next: () => plane().address,
        vlans: async () => [...plane().host.vlans.keys()].toSorted(),
      };
    },
    stop: async () => undefined,
  },
  ...(hasVlans ? [ofKernel()] : []),
];

function ofKernel(): Subject {
  return {
    name: 'by 8021q',
    missing: realPartsMissing(),
    async start() {
      for (const name of Object.values(names)) await onHost(`ip netns add ${name}`);
      await onHost(`ip link add eth1 netns ${names.gateway} type veth peer name eth1 netns ${names.neighbour}`);
      for (const ask of [must, neighbour]) await ask('ip link set eth1 up');
      return {
        own: iproute2Address({ run: gateway }),
        next: () => iproute2Address({ run: gateway }),
        async vlans() {
          const links = JSON.parse(await must('ip -j link show')) as { ifname: string }[];
          return links.map(({ ifname }) => ifname).filter((name) => name.startsWith('eth1.')).toSorted();
        },
      };
    },
    stop: async () => {
      for (const name of Object.values(names)) await onHost(`ip netns del ${name}`);
    },
  };
}

for (const subject of subjects) {
  // Skipped where a program or root is missing, which in CI is a failure.
  describe.skipIf(subject.missing !== null)(`VLAN interfaces ${subject.name}`, () => {
    let own: AddressPort;
    let next: Host['next'];
    let vlans: Host['vlans'];
    beforeAll(async () => ({ own, next, vlans } = await subject.start()));
    afterAll(() => subject.stop());

    test('are made when an address is asked for on them, and go when it is not wanted after all', async () => {
      expect(await own.probe(on(5, 1), probeMs, patience)).toEqual(free);
      expect(await vlans()).toEqual(['eth1.5']);
      expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
      expect(await vlans()).toEqual([]);
    });

    test('stay while any address is on them, or is about to be', async () => {
      expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
      expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
      expect(await own.ensureAdded(on(6, 1), patience)).toEqual(done);
      expect(await own.probe(on(5, 2), probeMs, patience)).toEqual(free);
      expect(await vlans()).toEqual(['eth1.5', 'eth1.6']);
      expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
      expect(await own.ensureAdded(on(5, 2), patience)).toEqual(done);
      expect(await own.ensureRemoved(on(6, 1), patience)).toEqual(done);
      expect(await vlans()).toEqual(['eth1.5']);
      expect(await own.ensureRemoved(on(5, 2), patience)).toEqual(done);
      expect(await vlans()).toEqual([]);
    });

    test('are known to a daemon that was started again', async () => {
      expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
      expect(await own.ensureAdded(six, patience)).toEqual(done);
      const later = next();
      expect(await later.ensureRemoved(on(5, 1), patience)).toEqual(done);
      expect(await vlans()).toEqual(['eth1.5']);
      expect(await later.ensureRemoved(six, patience)).toEqual(done);
      expect(await vlans()).toEqual([]);
    });
  });
}

for (const kernel of hasVlans ? [ofKernel()] : []) {
  // Skipped where something is missing, which in CI is a failure.
  describe.skipIf(kernel.missing !== null)('VLAN interfaces of the kernel (8021q)', () => {
    let own: AddressPort;
    beforeAll(async () => {
      ({ own } = await kernel.start());
      await neighbour('ip link add link eth1 name tagged type vlan id 5');
      await neighbour('ip link set tagged up');
      await neighbour('ip addr add fd00::2/64 dev tagged nodad');
      await neighbour('ip addr add 10.9.5.2/24 dev tagged');
    });
    afterAll(() => kernel.stop());
    const names = async (): Promise<string> => must('ip -br link show');

    test('carry the traffic of their VLAN, for IPv6 from the first moment on', async () => {
      const taken = { ...six, ip: 'fd00::2' };
      for (const one of [taken, on(5, 2)]) {
        const answeredBy: unknown = expect.stringContaining(':');
        expect(await own.probe(one, probeMs * 10, patience)).toMatchObject({ value: { answeredBy } });
      }
      await neighbour('ip neigh replace fd00::1 lladdr 02:00:00:00:00:99 dev tagged nud reachable');
      const known = () => neighbour('ip neigh show fd00::1');
      expect(await known()).toContain('02:00:00:00:00:99');
      expect(await own.ensureAdded(six, patience)).toEqual(done);
      expect(await own.announce(six, patience)).toEqual(done);
      const [link] = JSON.parse(await must('ip -j link show dev eth1.5')) as { address: string }[];
      expect(await known()).toContain(link?.address);
      for (const one of [taken, on(5, 2), six]) expect(await own.ensureRemoved(one, patience)).toEqual(done);
      expect(await names()).not.toContain('eth1.5');
    });

    test('inherit the MTU of what they are on', async () => {
      await must('ip link set eth1 mtu 9000');
      expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
      expect(await must('ip link show eth1.5')).toContain('mtu 9000');
      expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
    });

    test('stay when somebody else made them', async () => {
      await must('ip link add link eth1 name eth1.5 up type vlan id 5');
      expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
      expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
      expect(await names()).toContain('eth1.5');
      await must('ip link del eth1.5');
    });

    test('stay when somebody else put an address or a bridge on them', async () => {
      for (const [put, take] of [
        ['ip addr add 192.0.2.7/24 dev eth1.5', 'ip addr del 192.0.2.7/24 dev eth1.5'],
        ['ip link set eth1.5 master br0', 'ip link set eth1.5 nomaster'],
      ]) {
        await gateway(['ip', 'link', 'add', 'br0', 'type', 'bridge'], patience);
        expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
        await must(put ?? '');
        expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
        expect(await names()).toContain('eth1.5');
        await must(take ?? '');
        expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
        expect(await names()).not.toContain('eth1.5');
      }
    });

    test('are finished when a daemon was ended between making one and switching it on', async () => {
      await must('ip link add link eth1 name eth1.5 group 28791 type vlan id 5');
      expect(await own.ensureAdded(on(5, 1), patience)).toEqual(done);
      expect(await must('ip -br link show up')).toContain('eth1.5');
      expect(await own.ensureRemoved(on(5, 1), patience)).toEqual(done);
      expect(await names()).not.toContain('eth1.5');
    });

    test('are refused where there is nothing to put them on, and where their name would be too long', async () => {
      const nowhere = { ...on(5, 1), interface: 'eth7.5' };
      expect(await own.ensureAdded(nowhere, patience)).toMatchObject({ kind: 'refused' });
      const long = { ...on(5, 1), interface: 'enp65s0f0np0.100' };
      expect(await own.probe(long, probeMs, patience)).toMatchObject({
        kind: 'refused',
        reason: 'the kernel takes no interface name as long as enp65s0f0np0.100',
      });
    });
  });
}
