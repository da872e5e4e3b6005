// What the simulator does to the network of the peers.
import { expect, test } from 'vitest';
import { virtualClock } from '../../../adapters/clock/virtual.ts';
import { memoryPeerNetwork, type PeerMessage } from '../../../adapters/peers/memory.ts';
import type { PeerStatement } from '../../../src/ports/peers.ts';

const statement: PeerStatement = { node: 'gw2', session: null, consulAgeMs: 5, missed: {}, objection: null };
const question = { node: 'gw1', session: null, failsafe: false };
const peer = { node: 'gw2', address: '10.0.0.2:7481' };

function twoNodes(carry: (message: PeerMessage) => number | null) {
  const clock = virtualClock();
  const process = virtualClock();
  const network = memoryPeerNetwork({ clock, carry });
  const gw1 = network.join({ node: 'gw1', address: '10.0.0.1:7481' });
  const gw2 = network.join({ ...peer, clock: process });
  gw2.answerWith(() => statement);
  return { clock, process, network, gw1 };
}

test('a link is cut in one direction', async () => {
  for (const kind of ['question', 'answer'] as const) {
    const { clock, process, gw1 } = twoNodes((message) => (message.kind === kind ? null : 0));
    const asked = gw1.ask(peer, question, { deadlineMs: 500 });
    await process.advanceAndSettle(0);
    await clock.advanceAndSettle(500);
    expect(await asked).toEqual({ kind: 'unknown', reason: 'no answer from gw2 in time' });
  }
});

test('messages are late', async () => {
  const { clock, process, gw1 } = twoNodes(() => 100);
  const asked = gw1.ask(peer, question, { deadlineMs: 500 });
  await clock.advanceAndSettle(100);
  await process.advanceAndSettle(0);
  await clock.advanceAndSettle(99);
  expect(clock.nextTimerMs()).toBe(1);
  await clock.advanceAndSettle(1);
  expect(await asked).toEqual({ kind: 'done', value: statement });
});

test('a node whose process stands still answers when it goes on', async () => {
  const { clock, process, gw1 } = twoNodes(() => 0);
  const asked = gw1.ask(peer, question, { deadlineMs: 500 });
  await clock.advanceAndSettle(499);
  await process.advanceAndSettle(0);
  await clock.advanceAndSettle(0);
  expect(await asked).toMatchObject({ kind: 'done' });
});

test('a node that started anew at its address answers instead of the one before', async () => {
  const { clock, network, gw1 } = twoNodes(() => 0);
  network.join(peer).answerWith(() => ({ ...statement, session: 'anew' }));
  const asked = gw1.ask(peer, question, { deadlineMs: 500 });
  await clock.advanceAndSettle(0);
  expect(await asked).toMatchObject({ value: { session: 'anew' } });
});
