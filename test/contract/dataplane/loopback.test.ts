// What only the loopback data plane does: real listening sockets without root.
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { loopbackDataPlane } from '../../../adapters/dataplane.ts';
import { patience } from './world.ts';

const iqn = 'iqn.2026-11.io.pathwarden:00001';
const portal = { iqn, ip: '127.7.0.1', port: 13_262 };
const address = { ip: portal.ip, prefix: 8, interface: 'lo' };
const backing = { kind: 'memory' as const, path: '1', sizeBytes: 1 };
const spec = { disk: '00001', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };
const nodes = ['n1', 'n2'].map((node) => loopbackDataPlane({ node, portalPort: portal.port }));
const [first, second] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];

const serve = async (plane: typeof first) => {
  await plane.address.ensureAdded(address, patience);
  await plane.target.ensureDefined(spec, patience);
  return plane.target.ensureOpen(portal, patience);
};

/** A client that has read the banner; `ended` gives how its connection ends. */
async function client(): Promise<{ banner: string; ended: Promise<string> }> {
  const socket = connect({ host: portal.ip, port: portal.port });
  const ended = new Promise<string>((resolve) => {
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    socket.once('end', () => resolve('end'));
  });
  const banner = await new Promise<string>((resolve) => socket.once('data', (data) => resolve(data.toString())));
  return { banner, ended };
}

describe('the loopback data plane', () => {
  afterEach(async () => {
    for (const plane of nodes) {
      await plane.target.ensureRemoved(spec, patience);
      await plane.address.ensureRemoved(address, patience);
    }
  });

  test('says on an open portal who serves what', async () => {
    expect(await serve(first)).toEqual({ kind: 'done', value: null });
    expect((await client()).banner).toBe(`pathwarden n1 ${iqn}\n`);
  });

  test('resets its connections when the portal is closed', async () => {
    await serve(first);
    const { ended } = await client();
    expect(await first.target.ensureClosed(portal, patience)).toEqual({ kind: 'done', value: null });
    expect(await ended).toBe('ECONNRESET');
  });

  test('refuses a portal that another node has open', async () => {
    await serve(first);
    expect(await serve(second)).toMatchObject({ kind: 'refused', code: 'taken' });
    await first.target.ensureClosed(portal, patience);
    expect(await serve(second)).toEqual({ kind: 'done', value: null });
  });

  test('refuses addresses outside 127.0.0.0/8', async () => {
    for (const ip of ['10.0.0.1', '128.0.0.1', '127.0.0', '::1']) {
      expect(await first.address.ensureAdded({ ...address, ip }, patience)).toMatchObject({ kind: 'refused' });
    }
  });
});
