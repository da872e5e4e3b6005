// One contract for every target: the real tgtd, the kernel's own (in `npm run vm`), the memory and the loopback twin.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lioDataPlane, loopbackDataPlane, memoryDataPlane, tgtDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { systemClock } from '../../../adapters/clock/system.ts';
import type { DataPlane, Portal, TargetSpec } from '../../../src/ports/dataplane.ts';
import { createKernelWorld, kernelTargetMissing, type KernelWorld } from './kernel-world.ts';
import { createWorld, patience, realPartsMissing, type World } from './world.ts';

interface Subject {
  readonly name: string;
  readonly missing: string | null;
  /** Two addresses of which one begins with the text of the other. */
  readonly ips: readonly [string, string];
  readonly interface: string;
  readonly port: number;
  readonly outlivesItsInstance: boolean;
  /** A data plane on the same node; each call gives a new instance. Null when the state is the instance's own. */
  start(): Promise<{ plane: DataPlane; another: (() => DataPlane) | null; image: string }>;
  stop(): Promise<void>;
}

const onCable = { ips: ['10.9.0.1', '10.9.0.10'], interface: 'eth0', port: 3260, outlivesItsInstance: true } as const;

let world: World | undefined;
let kernelWorld: KernelWorld | undefined;

const subjects: readonly Subject[] = [
  {
    name: 'memory',
    missing: null,
    ...onCable,
    async start() {
      const network = memoryNetwork();
      const another = () => memoryDataPlane({ node: 'n1', network, clock: systemClock() });
      return { plane: another(), another, image: '/images/1' };
    },
    stop: async () => undefined,
  },
  {
    name: 'loopback',
    missing: null,
    ips: ['127.9.0.1', '127.9.0.10'],
    interface: 'lo',
    port: 13_260,
    outlivesItsInstance: false,
    start: async () => ({
      plane: loopbackDataPlane({ node: 'n1', portalPort: 13_260 }),
      another: null,
      image: '/images/1',
    }),
    stop: async () => undefined,
  },
  {
    name: 'tgt',
    missing: realPartsMissing(),
    ...onCable,
    async start() {
      world = await createWorld();
      const { gateway, controlPort } = world;
      const another = () => tgtDataPlane({ run: gateway, controlPort });
      return { plane: another(), another, image: await world.image('one') };
    },
    stop: async () => world?.close(),
  },
  // The kernel has one target for all: elsewhere than in a machine of its own it is not even named.
  ...(kernelTargetMissing() === null ? [lio()] : []),
];

function lio(): Subject {
  return {
    name: 'lio',
    missing: null,
    ...onCable,
    async start() {
      kernelWorld = await createKernelWorld();
      const { gateway } = kernelWorld;
      const another = () => lioDataPlane({ run: gateway });
      return { plane: another(), another, image: await kernelWorld.image('one') };
    },
    stop: async () => kernelWorld?.close(),
  };
}

for (const subject of subjects) {
  // Skipped where a program or root is missing, which in CI is a failure.
  describe.skipIf(subject.missing !== null)(`the ${subject.name} target`, () => {
    const iqn = 'iqn.2026-11.io.pathwarden:00001';
    const portals = subject.ips.map((ip): Portal => ({ iqn, ip, port: subject.port })) as [Portal, Portal];
    let plane: DataPlane;
    let another: (() => DataPlane) | null;
    let spec: TargetSpec;

    const seen = async (): Promise<{ iqns: string[]; ips: string[] }> => {
      const view = await plane.target.observe(patience);
      if (view.kind !== 'done') throw new Error(view.reason);
      const own = view.value.portals.filter(({ ip }) => ip !== '127.0.0.1');
      return { iqns: view.value.targets.map((target) => target.iqn), ips: own.map(({ ip }) => ip).toSorted() };
    };

    beforeAll(async () => {
      const started = await subject.start();
      plane = started.plane;
      another = started.another;
      const backing = { kind: 'file' as const, path: started.image, sizeBytes: 8 * 1024 * 1024 };
      spec = { disk: '00001', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };
    });
    afterAll(() => subject.stop());

    test('refuses to open what is not defined', async () => {
      expect(await plane.target.ensureOpen(portals[0], patience)).toMatchObject({ kind: 'refused', code: 'undefined' });
    });

    test('has nothing to close or remove at first, and says that it is done', async () => {
      expect(await plane.target.ensureClosed(portals[0], patience)).toEqual({ kind: 'done', value: null });
      expect(await plane.target.ensureRemoved(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [], ips: [] });
    });

    test.each([
      ['a wwn that cannot tell disks apart', { wwn: 'no' }],
      ['a wwn that ends in zeros', { wwn: 'aabbccdd00000000' }],
      ['a name that is none', { iqn: 'disk one' }],
      ['an initiator that is none', { access: { initiators: ['ALL'] } }],
      ['a path that would be read as more', { backing: { kind: 'file', path: '/a,bsoflags=x', sizeBytes: 1 } }],
      ['a CHAP user that would be read as two', { access: { initiators: [], chap: { user: ',', secretFile: '/' } } }],
    ] satisfies [string, Partial<TargetSpec>][])('refuses %s', async (_, over) => {
      expect(await plane.target.ensureDefined({ ...spec, ...over }, patience)).toMatchObject({ kind: 'refused' });
      expect(await seen()).toEqual({ iqns: [], ips: [] });
    });

    test('defines a target once, however often it is asked, and leaves it closed', async () => {
      expect(await plane.target.ensureDefined(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await plane.target.ensureDefined(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [] });
    });

    test('shows what it made, so that a change by hand can be told', async () => {
      const named = { initiators: ['iqn.1994-05.com.example:one', 'iqn.1994-05.com.example:two'] };
      const shown = async () => {
        const view = await plane.target.observe(patience);
        const [target] = view.kind === 'done' ? view.value.targets : [];
        const { initiators, users } = target?.rules ?? {};
        return { wwn: target?.wwn, initiators: initiators?.toSorted() ?? null, users };
      };
      expect(await shown()).toEqual({ wwn: spec.wwn, initiators: null, users: [] });
      expect(await plane.target.ensureDefined({ ...spec, access: named }, patience)).toMatchObject({ kind: 'done' });
      expect(await shown()).toEqual({ wwn: spec.wwn, initiators: named.initiators, users: [] });
      expect(await plane.target.ensureDefined(spec, patience)).toMatchObject({ kind: 'done' });
      expect(await shown()).toEqual({ wwn: spec.wwn, initiators: null, users: [] });
    });

    test('refuses two disks with one wwn', async () => {
      const twin = await plane.target.ensureDefined({ ...spec, disk: '00002', iqn: `${iqn}0` }, patience);
      expect(twin).toMatchObject({ kind: 'refused', reason: expect.stringContaining(iqn) });
    });

    test('refuses another image under the same name', async () => {
      const backing = { ...spec.backing, path: '/images/other' };
      expect(await plane.target.ensureDefined({ ...spec, backing }, patience)).toMatchObject({ kind: 'refused' });
    });

    test('refuses to open on an address that is not there', async () => {
      expect(await plane.target.ensureOpen(portals[0], patience)).toMatchObject({
        kind: 'refused',
        reason: expect.stringContaining(portals[0].ip),
      });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [] });
    });

    test('opens each portal once, however often it is asked', async () => {
      for (const { ip } of portals) {
        await plane.address.ensureAdded({ ip, prefix: 24, interface: subject.interface }, patience);
      }
      for (const portal of [...portals, ...portals]) {
        expect(await plane.target.ensureOpen(portal, patience)).toEqual({ kind: 'done', value: null });
      }
      expect(await seen()).toEqual({ iqns: [iqn], ips: [...subject.ips] });
    });

    test('stays open when it is defined again', async () => {
      expect(await plane.target.ensureDefined(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [...subject.ips] });
    });

    test('does not open a portal for two targets', async () => {
      const other = { ...spec, disk: '2', iqn: `${iqn}x`, wwn: 'aabbccdd00000002' };
      await plane.target.ensureDefined(other, patience);
      expect(await plane.target.ensureOpen({ ...portals[0], iqn: other.iqn }, patience)).toMatchObject({
        kind: 'refused',
      });
      expect(await plane.target.ensureRemoved(other, patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [...subject.ips] });
    });

    // Portals that live and die with their instance leave nothing to take over.
    const heirs = subject.outlivesItsInstance ? ['a new instance'] : [];
    test.each(heirs)('is taken over as it is by %s, which can close it', async () => {
      if (another === null) throw new Error('there is no second instance');
      const next = another();
      expect(await next.target.ensureDefined(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await next.target.ensureOpen(portals[0], patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [...subject.ips] });
      expect(await another().target.ensureClosed(portals[1], patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [portals[0].ip] });
      expect(await next.target.ensureOpen(portals[1], patience)).toEqual({ kind: 'done', value: null });
    });

    test('closes exactly the portal that is named', async () => {
      expect(await plane.target.ensureClosed(portals[0], patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [portals[1].ip] });
      expect(await plane.target.ensureClosed(portals[0], patience)).toEqual({ kind: 'done', value: null });
      expect(await plane.target.ensureClosed(portals[1], patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [iqn], ips: [] });
    });

    test('removes the target, however often it is asked', async () => {
      expect(await plane.target.ensureRemoved(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await plane.target.ensureRemoved(spec, patience)).toEqual({ kind: 'done', value: null });
      expect(await seen()).toEqual({ iqns: [], ips: [] });
    });
  });
}
