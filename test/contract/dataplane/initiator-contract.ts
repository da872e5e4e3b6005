// What every real initiator sees of every target: data through open portals, nothing through closed ones.
import { truncate } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { DataPlane, Portal, TargetSpec } from '../../../src/ports/dataplane.ts';
import type { ShownSizesPort } from '../../../src/ports/doctor.ts';
import { type Session, tryData } from './initiator.ts';
import { agreed } from './login-keys.ts';
import { diskShown, done, iqn, serveDisk } from './one-disk.ts';
import { patience, type World } from './world.ts';

/** As a test finds it when it begins: with one disk, and the addresses of its IPv4 portals. */
export interface ServingRig {
  readonly world: Pick<World, 'initiator' | 'initiatorPrefix'>;
  readonly plane: DataPlane;
  readonly spec: TargetSpec;
  /** What the doctor sees now. */
  readonly shownMegabytes: ShownSizesPort['shownMegabytes'];
  readonly serve: (...portals: Portal[]) => Promise<void>;
  readonly login: (ip: string) => Session;
}

export interface PortalsOfDisk {
  readonly first: Portal;
  readonly second: Portal;
  /** `fd00::1`, which the gateway does not have yet. */
  readonly six: Portal;
  /** Each session of an initiator that did not say its name, as the target shows it. */
  readonly unnamed: unknown;
}

export function servesInitiators(rig: () => ServingRig, { first, second, six, unnamed }: PortalsOfDisk): void {
  test('an open portal carries data and a closed one refuses the connection', async () => {
    const { world, plane, serve } = rig();
    await serve(first);
    expect(await tryData(world, first.ip, iqn)).toMatch(/wrote 65536[\s\S]*read 65536/);
    expect(await tryData(world, second.ip, iqn)).toMatch(/Failed to connect/);
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await tryData(world, first.ip, iqn)).toMatch(/Failed to connect/);
  });

  test('closing cuts the session of that portal and leaves the one of its sibling', async () => {
    const { plane, serve, login } = rig();
    await serve(first, second);
    const [cut, kept] = [login(first.ip), login(second.ip)];
    expect(await cut.ask('write -P 1 0 4k')).toContain('wrote 4096');
    expect(await kept.ask('write -P 2 4k 4k')).toContain('wrote 4096');
    expect(await diskShown(plane)).toMatchObject({ sessions: 2, logins: [unnamed, unnamed] });
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await diskShown(plane)).toMatchObject({ sessions: 1, logins: [unnamed] });
    expect(await kept.ask('read -P 1 0 4k')).toContain('read 4096');
  });

  test.each([0, 3])('how long it waits before it comes back is left to the initiator: %i s', async (seconds) => {
    const { world, serve } = rig();
    await serve(first);
    expect(await agreed(world, first.ip, iqn, { DefaultTime2Wait: String(seconds) })).toMatchObject({
      DefaultTime2Wait: String(seconds),
    });
  });

  test('a file that grows has its old size until its target is made anew, and the doctor sees that', async () => {
    const { plane, spec, serve, shownMegabytes, login } = rig();
    const sizeBytes = 2 * spec.backing.sizeBytes;
    const shown = (megabytes: number) => ({ kind: 'done', value: new Map([[spec.wwn, megabytes]]) });
    await serve(first);
    expect(await shownMegabytes()).toEqual(shown(8));
    await truncate(spec.backing.path, sizeBytes);
    expect(await login(first.ip).ask('length')).toContain('8 MiB');
    expect(await shownMegabytes()).toEqual(shown(8));
    expect(await plane.target.ensureClosed(first, patience)).toEqual(done);
    expect(await plane.target.ensureRemoved(spec, patience)).toEqual(done);
    expect(await shownMegabytes()).toEqual({ kind: 'done', value: new Map() });
    await serveDisk(plane.target, { ...spec, backing: { ...spec.backing, sizeBytes } }, [first]);
    expect(await login(first.ip).ask('length')).toContain('16 MiB');
    expect(await shownMegabytes()).toEqual(shown(17));
  });

  test('a path that opens while its sibling closes can be used', async () => {
    const { world, plane, serve } = rig();
    await serve(first);
    const closing = plane.target.ensureClosed(first, patience);
    const opening = plane.target.ensureOpen(second, patience);
    expect([await closing, await opening]).toEqual([done, done]);
    expect(await tryData(world, second.ip, iqn)).toContain('wrote 65536');
  });

  test('an IPv6 portal carries data, and closing it cuts its sessions', async () => {
    const { world, plane, serve, login } = rig();
    await plane.address.ensureAdded({ ip: six.ip, prefix: 64, interface: 'eth0' }, patience);
    await world.initiator(['ip', 'addr', 'add', 'fd00::2/64', 'dev', 'eth0', 'nodad'], patience);
    await serve(six);
    expect(await tryData(world, `[${six.ip}]`, iqn)).toContain('wrote 65536');
    await login(`[${six.ip}]`).ask('read 0 4k');
    expect(await plane.target.ensureClosed({ ...six, ip: 'fd00:0::0001' }, patience)).toEqual(done);
    expect(await diskShown(plane)).toMatchObject({ sessions: 0 });
    expect(await tryData(world, `[${six.ip}]`, iqn)).toContain('Failed to connect');
  });
}
