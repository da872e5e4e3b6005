// What the daemon counts on of its peers, over real sockets or in the memory twin.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { memoryPeerNetwork } from '../../../adapters/peers/memory.ts';
import { udpPeers } from '../../../adapters/peers/udp.ts';
import type { PeersPort, PeerQuestion } from '../../../src/ports/peers.ts';
import { says } from '../../adapters/peers/wire.ts';

interface Member {
  readonly port: PeersPort;
  readonly address: string;
}

type Join = (node: string, key?: 'other') => Promise<Member>;

let folder = '';
const keyFileOf = (key: 'shared' | 'other'): string => join(folder, key);
beforeAll(async () => {
  folder = await mkdtemp('/tmp/pathwarden-peers-');
  await writeFile(keyFileOf('shared'), `${'5a'.repeat(32)}\n`, { mode: 0o600 });
  await writeFile(keyFileOf('other'), `${'a5'.repeat(32)}\n`, { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true }));

const members: PeersPort[] = [];
afterEach(async () => {
  for (const port of members.splice(0)) await port.stop();
});

const overUdp =
  (listen: string): (() => Join) =>
  () =>
  async (node, key) => {
    const keyFile = keyFileOf(key ?? 'shared');
    const silent = { onRefused: () => {}, onTrouble: () => {} };
    const port = await udpPeers({ node, listen, keyFile, clock: systemClock(), ...silent });
    members.push(port);
    return { port, address: port.address };
  };

function inMemory(): Join {
  const network = memoryPeerNetwork({ clock: systemClock() });
  let addresses = 0;
  return async (node, key) => {
    addresses += 1;
    const address = `10.0.0.${String(addresses)}:7481`;
    const port = network.join({ node, address, ...(key === undefined ? {} : { key }) });
    members.push(port);
    return { port, address };
  };
}

const patient = { deadlineMs: 10_000 };
const brief = { deadlineMs: 50 };
const asks = (node: string, failsafe = false): PeerQuestion => ({ node, session: `session-of-${node}`, failsafe });

describe.each([
  { name: 'IPv4', network: overUdp('127.0.0.1:0') },
  { name: 'IPv6', network: overUdp('[::1]:0') },
  { name: 'memory', network: inMemory },
])('a peer ($name)', ({ network }) => {
  test('is asked, hears who asks and what for, and its statement comes back', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    const heard: PeerQuestion[] = [];
    const statement = says('gw2', { missed: { gw3: 1200 }, objection: 'took over path/00001/1' });
    gw2.port.answerWith((question) => {
      heard.push(question);
      return statement;
    });
    const outcome = await gw1.port.ask({ node: 'gw2', address: gw2.address }, asks('gw1', true), patient);
    expect(outcome).toEqual({ kind: 'done', value: statement });
    expect(heard).toEqual([asks('gw1', true)]);
  });

  test('makes its statement after the question was sent', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    let now = 'before';
    gw2.port.answerWith(() => says('gw2', { session: now }));
    for (const each of ['one', 'two', 'three']) {
      now = each;
      const outcome = await gw1.port.ask({ node: 'gw2', address: gw2.address }, asks('gw1'), patient);
      expect(outcome).toMatchObject({ value: { session: each } });
    }
  });

  test('has no session and no contact with Consul, and says so', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    gw2.port.answerWith((question) => says('gw2', { session: question.session, consulAgeMs: null }));
    const question = { node: 'gw1', session: null, failsafe: false };
    const outcome = await gw1.port.ask({ node: 'gw2', address: gw2.address }, question, patient);
    expect(outcome).toMatchObject({ kind: 'done', value: { session: null, consulAgeMs: null } });
  });

  test('answers several at once, each about its own question', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    gw2.port.answerWith(({ failsafe }) => says('gw2', { objection: failsafe ? 'no' : null }));
    const peer = { node: 'gw2', address: gw2.address };
    const both = [gw1.port.ask(peer, asks('gw1', true), patient), gw1.port.ask(peer, asks('gw1'), patient)];
    expect(await Promise.all(both)).toMatchObject([{ value: { objection: 'no' } }, { value: { objection: null } }]);
  });

  test('asks and is asked at the same time', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    gw1.port.answerWith(() => says('gw1'));
    gw2.port.answerWith(() => says('gw2'));
    const outcomes = await Promise.all([
      gw1.port.ask({ node: 'gw2', address: gw2.address }, asks('gw1'), patient),
      gw2.port.ask({ node: 'gw1', address: gw1.address }, asks('gw2'), patient),
    ]);
    expect(outcomes).toMatchObject([{ value: { node: 'gw2' } }, { value: { node: 'gw1' } }]);
  });

  test('that was not told what to answer yet is unknown', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    const peer = { node: 'gw2', address: gw2.address };
    expect(await gw1.port.ask(peer, asks('gw1'), brief)).toMatchObject({ kind: 'unknown' });
    gw2.port.answerWith(() => says('gw2'));
    expect(await gw1.port.ask(peer, asks('gw1'), patient)).toMatchObject({ kind: 'done' });
  });

  test('with another key is unknown, and hears nothing', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2', 'other')];
    let heard = 0;
    gw2.port.answerWith(() => {
      heard += 1;
      return says('gw2');
    });
    const outcome = await gw1.port.ask({ node: 'gw2', address: gw2.address }, asks('gw1'), brief);
    expect(outcome).toEqual({ kind: 'unknown', reason: 'no answer from gw2 in time' });
    expect(heard).toBe(0);
  });

  test('at whose address another node answers is unknown, and that node hears nothing', async () => {
    const join = network();
    const [gw1, gw3] = [await join('gw1'), await join('gw3')];
    let heard = 0;
    gw3.port.answerWith(() => {
      heard += 1;
      return says('gw3');
    });
    const outcome = await gw1.port.ask({ node: 'gw2', address: gw3.address }, asks('gw1'), brief);
    expect(outcome).toMatchObject({ kind: 'unknown' });
    expect(heard).toBe(0);
  });

  test('that has our own name is unknown', async () => {
    const join = network();
    const [gw1, twin] = [await join('gw1'), await join('gw1')];
    twin.port.answerWith(() => says('gw1'));
    const outcome = await gw1.port.ask({ node: 'gw1', address: twin.address }, asks('gw1'), brief);
    expect(outcome).toMatchObject({ kind: 'unknown' });
  });

  test('that has stopped is unknown, and is known again when it has started anew', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    gw2.port.answerWith(() => says('gw2', { session: 'the first' }));
    await gw1.port.ask({ node: 'gw2', address: gw2.address }, asks('gw1'), patient);
    await gw2.port.stop();
    const stopped = await gw1.port.ask({ node: 'gw2', address: gw2.address }, asks('gw1'), brief);
    expect(stopped).toMatchObject({ kind: 'unknown' });
    const again = await join('gw2');
    again.port.answerWith(() => says('gw2', { session: 'the second' }));
    const outcome = await gw1.port.ask({ node: 'gw2', address: again.address }, asks('gw1'), patient);
    expect(outcome).toMatchObject({ kind: 'done', value: { session: 'the second' } });
  });

  test('is asked no more by who has stopped, and what that one waited for is unknown', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    const peer = { node: 'gw2', address: gw2.address };
    const waiting = gw1.port.ask(peer, asks('gw1'), patient);
    await gw1.port.stop();
    const stopped = { kind: 'unknown', reason: 'this node has stopped' };
    expect(await waiting).toEqual(stopped);
    expect(await gw1.port.ask(peer, asks('gw1'), patient)).toEqual(stopped);
    await gw1.port.stop();
  });

  test('is unknown at once when the call is called off', async () => {
    const join = network();
    const [gw1, gw2] = [await join('gw1'), await join('gw2')];
    const peer = { node: 'gw2', address: gw2.address };
    const controller = new AbortController();
    const waiting = gw1.port.ask(peer, asks('gw1'), { ...patient, signal: controller.signal });
    controller.abort();
    expect(await waiting).toEqual({ kind: 'unknown', reason: 'called off' });
    const late = await gw1.port.ask(peer, asks('gw1'), { ...patient, signal: controller.signal });
    expect(late).toMatchObject({ kind: 'unknown' });
  });
});
