// What the memory twins offer beyond their ports: scripted trouble, and a network that can be watched.
import { beforeEach, describe, expect, test } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { memoryDataPlane } from '../../adapters/dataplane.ts';
import { memoryNetwork } from '../../adapters/memory-host.ts';

const patience = { deadlineMs: 1000 };
const done = { kind: 'done', value: null };
const address = { ip: '10.0.0.1', prefix: 24, interface: 'eth0' };
const iqn = 'iqn.2026-11.io.pathwarden:1';
const portal = { iqn, ip: address.ip, port: 3260 };
const backing = { kind: 'memory' as const, path: '1', sizeBytes: 1 };
const spec = { disk: '1', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };

const clock = virtualClock();
let network = memoryNetwork();
const plane = (node: string) => memoryDataPlane({ node, network, clock });

beforeEach(() => {
  network = memoryNetwork();
});

describe('a scripted fault', () => {
  test('refuses once, and not again', async () => {
    const own = plane('n1');
    own.faults.once('address.ensureAdded', { kind: 'refuse', reason: 'no room', code: 'full' });
    const refusal = { kind: 'refused', reason: 'no room', code: 'full' };
    expect(await own.address.ensureAdded(address, patience)).toEqual(refusal);
    expect(own.host.addresses.size).toBe(0);
    expect(await own.address.ensureAdded(address, patience)).toEqual(done);
  });

  test('stays until it is taken away', async () => {
    const own = plane('n1');
    own.faults.always('target.observe', { kind: 'unknown', reason: 'busy' });
    for (let time = 1; time <= 2; time += 1) {
      expect(await own.target.observe(patience)).toEqual({ kind: 'unknown', reason: 'busy' });
    }
    own.faults.always('target.observe', null);
    expect(await own.target.observe(patience)).toMatchObject({ kind: 'done' });
  });

  test('can lose the answer to what happened', async () => {
    const own = plane('n1');
    own.faults.once('address.ensureAdded', { kind: 'unknown', reason: 'lost', applied: true });
    expect(await own.address.ensureAdded(address, patience)).toMatchObject({ kind: 'unknown' });
    expect(own.host.addresses.has(address.ip)).toBe(true);
  });

  test('delays by the clock', async () => {
    const own = plane('n1');
    own.faults.once('address.ensureAdded', { kind: 'delay', ms: 300 });
    const call = own.address.ensureAdded(address, patience);
    await clock.advanceAndSettle(299);
    expect(own.host.addresses.size).toBe(0);
    await clock.advanceAndSettle(1);
    expect(await call).toEqual(done);
  });

  test('that delays past the deadline leaves it unknown, and happens late', async () => {
    const own = plane('n1');
    own.faults.once('address.ensureAdded', { kind: 'delay', ms: 3000 });
    const call = own.address.ensureAdded(address, patience);
    await clock.advanceAndSettle(1000);
    expect(await call).toMatchObject({ kind: 'unknown' });
    await clock.advanceAndSettle(2000);
    expect(own.host.addresses.has(address.ip)).toBe(true);
  });

  test('does not outlast a call that is called off', async () => {
    const own = plane('n1');
    const caller = new AbortController();
    own.faults.once('address.ensureAdded', { kind: 'delay', ms: 3000 });
    const call = own.address.ensureAdded(address, { ...patience, signal: caller.signal });
    caller.abort();
    expect(await call).toMatchObject({ kind: 'unknown' });
  });
});

describe('the memory network', () => {
  const serve = async (node: string): Promise<void> => {
    const own = plane(node);
    await own.target.ensureDefined(spec, patience);
    await own.address.ensureAdded(address, patience);
    await own.target.ensureOpen(portal, patience);
  };

  test('tells which nodes serve a path, two at a time included', async () => {
    await serve('n1');
    expect(network.serving(portal.ip, portal.port)).toEqual(['n1']);
    await serve('n2');
    expect(network.serving(portal.ip, portal.port)).toEqual(['n1', 'n2']);
  });

  test('does not count a blocked or cut off node', async () => {
    await serve('n1');
    await plane('n1').traffic.ensureBlocked(portal.ip, patience);
    expect(network.serving(portal.ip, portal.port)).toEqual([]);
    await plane('n1').traffic.ensureUnblocked(portal.ip, patience);
    network.host('n1').linkUp = false;
    expect(network.serving(portal.ip, portal.port)).toEqual([]);
    expect(await plane('n2').address.probe(address, 10, patience)).toMatchObject({ value: { answeredBy: null } });
  });

  test('keeps what a daemon served when it starts again, and loses it when the host dies', async () => {
    await serve('n1');
    expect(await plane('n1').target.observe(patience)).toMatchObject({ value: { targets: [{ iqn }] } });
    network.crash('n1');
    expect(await plane('n1').target.observe(patience)).toMatchObject({ value: { targets: [], portals: [] } });
  });
});
