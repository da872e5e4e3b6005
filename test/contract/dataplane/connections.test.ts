// One contract for the connections of initiators, and what a tickle does to those that a former owner left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { socketConnections } from '../../../adapters/connections/sockets.ts';
import { systemClock } from '../../../adapters/clock/system.ts';
import { memoryDataPlane } from '../../../adapters/dataplane.ts';
import { memoryNetwork } from '../../../adapters/memory-host.ts';
import { describe as tell } from '../../../adapters/run.ts';
import { nftTraffic } from '../../../adapters/traffic/nft.ts';
import type { Connection, ConnectionsPort } from '../../../src/ports/dataplane.ts';
import { createWorld, patience, realPartsMissing, type World } from './world.ts';

const done = { kind: 'done', value: null };
const port = 3_260;

describe('connections of the memory twin', () => {
  test('are seen by their port, and tickled from an address that is here', async () => {
    const { host, connections, address } = memoryDataPlane({
      node: 'n1', network: memoryNetwork(), clock: systemClock(),
    });
    const one = { portal: { ip: '10.9.0.1', port }, peer: { ip: '10.9.0.2', port: 40_000 } };
    host.connections.push(one);
    expect(await connections?.observe([port], patience)).toEqual({ kind: 'done', value: [one] });
    expect(await connections?.observe([1], patience)).toEqual({ kind: 'done', value: [] });
    expect(await connections?.tickle(one, patience)).toMatchObject({ kind: 'refused' });
    await address.ensureAdded({ ip: '10.9.0.1', prefix: 24, interface: 'eth0' }, patience);
    expect(await connections?.tickle(one, patience)).toEqual(done);
    expect(host.tickled).toEqual([one.peer]);
  });
});

// Skipped where a program or root is missing, which in CI is a failure.
describe.skipIf(realPartsMissing() !== null)('connections of the kernel', () => {
  let world: World;
  let own: ConnectionsPort;
  const children: ReturnType<typeof spawn>[] = [];
  const must = async (line: string): Promise<void> => {
    const result = await world.gateway(line.split(' '), patience);
    if (result.kind !== 'exited' || result.code !== 0) throw new Error(tell(result));
  };
  /** A program of ours in the namespace of one of the two; `said` waits for its next line. */
  const start = (prefix: readonly string[], script: string, ...rest: string[]) => {
    const [program = '', ...argv] = [...prefix, process.execPath, '-e', script, ...rest];
    const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, said: async (): Promise<string> => String((await lines.next()).value) };
  };
  const listens = `const server = require('net').createServer((socket) => socket.on('error', () => {}));
    server.listen(${port}, process.argv[1], () => console.log('listens'));`;
  const connects = `const socket = require('net').connect(${port}, process.argv[1], () => console.log('connected'));
    socket.on('error', ({ code }) => console.log(code)).on('end', () => console.log('end'));`;
  const gatewayOf = (initiator: readonly string[]) =>
    initiator.map((word) => word.replace('pwdp-i', 'pwdp-g'));
  /** An initiator that is idle, and the portal that it is connected to. */
  const connected = async (ip: string) => {
    const server = start(gatewayOf(world.initiatorPrefix), listens, ip);
    await server.said();
    const client = start(world.initiatorPrefix, connects, ip);
    expect(await client.said()).toBe('connected');
    return { server, client };
  };
  const seen = async (): Promise<readonly Connection[]> => {
    const view = await own.observe([port], patience);
    return view.kind === 'done' ? view.value : [];
  };

  beforeAll(async () => {
    world = await createWorld();
    own = socketConnections({ run: world.gateway });
    await must('ip addr add 10.9.0.1/24 dev eth0');
    await must('ip addr add fd00::1/64 dev eth0 nodad');
    await world.initiator(['ip', 'addr', 'add', 'fd00::2/64', 'dev', 'eth0', 'nodad'], patience);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  afterAll(() => world.close());

  test.each(['10.9.0.1', 'fd00::1'])('to %s that an owner left behind are reset at once', async (ip) => {
    const { server, client } = await connected(ip);
    const [left] = await seen();
    expect(left).toMatchObject({ portal: { ip, port }, peer: { ip: ip.replace(/1$/, '2') } });
    // The server goes and the initiator hears nothing of it, as when its host loses its power.
    const traffic = nftTraffic({ run: world.gateway });
    await traffic.ensureBlocked(ip, patience);
    server.child.kill('SIGKILL');
    await once(server.child, 'exit');
    await must(`ss -K -t -n src ${ip.includes(':') ? `[${ip}]` : ip} sport = :${port}`);
    await traffic.ensureUnblocked(ip, patience);
    expect(await seen()).toEqual([]);
    const answer = client.said();
    expect(await own.tickle(left as Connection, patience)).toEqual(done);
    expect(await answer).toBe('ECONNRESET');
  });

  test.each(['10.9.0.1', 'fd00::1'])('to %s are seen to end when ends are let out', async (ip) => {
    const { server, client } = await connected(ip);
    const traffic = nftTraffic({ run: world.gateway });
    await traffic.ensureBlocked(ip, patience);
    await traffic.ensureBlocked(ip, patience, 'ends');
    const answer = client.said();
    server.child.kill('SIGKILL');
    expect(await answer).toBe('end');
    await traffic.ensureUnblocked(ip, patience);
  });

  test.each(['10.9.0.1', 'fd00::1'])('to %s that live are not disturbed, and unknown ones harm nobody', async (ip) => {
    await connected(ip);
    const [living] = await seen();
    expect(await own.tickle(living as Connection, patience)).toEqual(done);
    const unknown = { portal: { ip, port }, peer: { ip: ip.replace(/1$/, '2'), port: 9 } };
    expect(await own.tickle(unknown, patience)).toEqual(done);
    // Behind what was sent before, on the same cable.
    const later = start(world.initiatorPrefix, connects, ip);
    expect(await later.said()).toBe('connected');
    expect(await seen()).toContainEqual(living);
  });

  test('are tickled from addresses that are here only', async () => {
    const foreign = { portal: { ip: '10.9.0.77', port }, peer: { ip: '10.9.0.2', port: 9 } };
    expect(await own.tickle(foreign, patience)).toMatchObject({ kind: 'refused' });
  });

  test.each([
    ['10.9.0.2,fork', 9], ['fe80::1%eth0', 9], ['10.9.0.2', 0], ['10.9.0.2', 70_000], ['fd00::2', 9],
  ])('to %s %d are no connections', async (ip, peerPort) => {
    const nonsense = { portal: { ip: '10.9.0.1', port }, peer: { ip, port: peerPort } };
    expect(await own.tickle(nonsense, patience)).toEqual({ kind: 'refused', reason: 'this is no connection' });
  });

  test('are unknown when they cannot be read', async () => {
    expect(await own.observe([port], { deadlineMs: 0 })).toMatchObject({ kind: 'unknown' });
  });
});
