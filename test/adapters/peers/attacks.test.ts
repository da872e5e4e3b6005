// Somebody without the key, who sees every datagram and can hold it back, change it and send it again.
import { createSecretKey, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../adapters/clock/system.ts';
import { seal } from '../../../adapters/peers/frame.ts';
import { asks, key, openWire, says, type Between, type Node, type Wire } from './wire.ts';

let wire: Wire;
let gw1: Node;
let gw2: Node;
let between: Between;
let aheadMs = 0;
beforeEach(async () => {
  aheadMs = 0;
  const clock = systemClock();
  wire = await openWire();
  gw1 = await wire.node('gw1');
  gw2 = await wire.node('gw2', { clock: { ...clock, monotonicMs: () => clock.monotonicMs() + aheadMs } });
  between = await wire.between(gw2);
});
afterEach(() => wire.close());

const patient = { deadlineMs: 10_000 };
const ask = (options = patient) => gw1.port.ask({ node: 'gw2', address: between.address }, asks('gw1'), options);
const flipped = (datagram: Buffer, at: number): Buffer =>
  Buffer.from(datagram.map((byte, index) => (index === at ? byte ^ 0x40 : byte)));
const last = (datagrams: readonly Buffer[]): Buffer => datagrams.at(-1) ?? Buffer.alloc(0);

/** Asks until nothing but the deadline is left: what the question looked like, and it was believed by nobody. */
async function heldBack(): Promise<Buffer> {
  between.onQuestion = () => [];
  const controller = new AbortController();
  const { length } = between.questions;
  const asked = gw1.port.ask({ node: 'gw2', address: between.address }, asks('gw1'), {
    ...patient,
    signal: controller.signal,
  });
  await expect.poll(() => between.questions.length).toBe(length + 1);
  controller.abort();
  await asked;
  between.onQuestion = (datagram) => [datagram];
  return last(between.questions);
}

describe('a question', () => {
  test('that is sent again is believed once', async () => {
    await ask();
    const [, recorded = Buffer.alloc(0)] = between.questions;
    expect(gw2.heard).toHaveLength(1);
    for (let time = 1; time <= 3; time += 1) await between.toTarget(recorded);
    await gw2.refused(3);
    expect(gw2.refusals).toEqual(['repeated', 'repeated', 'repeated']);
    expect(gw2.heard).toHaveLength(1);
  });

  test('that is doubled on the way is believed once, and answered', async () => {
    await ask();
    between.onQuestion = (datagram) => [datagram, datagram];
    for (let count = 2; count <= 4; count += 1) {
      expect(await ask()).toMatchObject({ kind: 'done' });
      await gw2.refused(count - 1);
      expect(gw2.heard).toHaveLength(count);
    }
    expect(new Set(gw2.refusals)).toEqual(new Set(['repeated']));
  });

  test('from before a restart of who is asked is not believed', async () => {
    await ask();
    const [, recorded = Buffer.alloc(0)] = between.questions;
    await gw2.port.stop();
    const again = await wire.node('gw2', { port: gw2.udpPort });
    const answer = between.nextAnswer();
    await between.toTarget(recorded);
    await answer;
    expect(again.heard).toEqual([]);
  });

  test('that is held back is worth nothing after a later one', async () => {
    await ask();
    const held = await heldBack();
    await ask();
    expect(gw2.heard).toHaveLength(2);
    await between.toTarget(held);
    await gw2.refused(1);
    expect(gw2.refusals).toEqual(['repeated']);
    expect(gw2.heard).toHaveLength(2);
  });

  test('that is held back for some seconds is worth nothing at all', async () => {
    await ask();
    const held = await heldBack();
    aheadMs += 2001;
    await between.toTarget(held);
    await gw2.refused(1);
    expect(gw2.heard).toHaveLength(1);
    expect(await ask()).toMatchObject({ kind: 'done' });
  });

  test('is not believed with any one byte changed', async () => {
    await ask();
    const held = await heldBack();
    for (const at of held.keys()) {
      await between.toTarget(flipped(held, at));
      await gw2.refused(at + 1);
    }
    expect(new Set(gw2.refusals)).toEqual(new Set(['forged']));
    expect(gw2.heard).toHaveLength(1);
    await between.toTarget(held);
    await expect.poll(() => gw2.heard.length).toBe(2);
  });

  test('is not believed when it is cut or made longer', async () => {
    await ask();
    const held = await heldBack();
    const wrong = [...held.keys()].map((length) => held.subarray(0, length));
    for (const [sent, datagram] of [...wrong, Buffer.concat([held, Buffer.alloc(1)])].entries()) {
      await between.toTarget(datagram);
      await gw2.refused(sent + 1);
    }
    expect(new Set(gw2.refusals)).toEqual(new Set(['forged']));
    expect(gw2.heard).toHaveLength(1);
  });

  test('that is reflected is not answered by who asked it', async () => {
    await ask();
    await between.toAsker(last(between.questions));
    await gw1.refused(1);
    expect(gw1.refusals).toEqual(['misdirected']);
    expect(gw1.heard).toEqual([]);
  });

  test('for one node is not answered by another', async () => {
    const gw3 = await wire.node('gw3');
    const toGw3 = await wire.between(gw3);
    const recorded = await heldBack();
    await toGw3.toTarget(recorded);
    await gw3.refused(1);
    expect(gw3.refusals).toEqual(['misdirected']);
    expect(gw3.heard).toEqual([]);
  });

  test('that is not believed is never answered with more than it has', async () => {
    await ask();
    await ask();
    for (const recorded of between.questions) {
      const answer = between.nextAnswer();
      await between.toTarget(recorded);
      expect((await answer).length).toBeLessThanOrEqual(recorded.length);
    }
  });
});

describe('an answer', () => {
  test('that is sent again is taken once, and for no later question', async () => {
    await ask();
    const recorded = last(between.answers);
    await between.toAsker(recorded);
    await gw1.refused(1);
    between.onAnswer = () => [recorded];
    expect(await ask({ deadlineMs: 50 })).toMatchObject({ kind: 'unknown' });
    expect(new Set(gw1.refusals)).toEqual(new Set(['unasked']));
  });

  test('is not taken with any one byte changed, cut or made longer; the true one still is', async () => {
    await ask();
    between.onAnswer = () => [];
    const answer = between.nextAnswer();
    const asked = ask();
    const genuine = await answer;
    const wrong = [...genuine.keys()].flatMap((at) => [flipped(genuine, at), genuine.subarray(0, at)]);
    for (const [sent, datagram] of [...wrong, Buffer.concat([genuine, Buffer.alloc(1)])].entries()) {
      await between.toAsker(datagram);
      await gw1.refused(sent + 1);
    }
    await between.toAsker(genuine);
    expect(await asked).toEqual({ kind: 'done', value: says('gw2') });
    expect(new Set(gw1.refusals)).toEqual(new Set(['forged']));
  });

  test('of a node that was not asked is not taken, although it has the key', async () => {
    between.onAnswer = () => [];
    const asked = ask();
    await expect.poll(() => between.answers.length).toBe(1);
    const nonce = last(between.questions).toString('hex', 5, 21);
    const body = JSON.stringify({ ...says('gw3'), from: 'gw3', to: 'gw1', challenge: '0'.repeat(48) });
    await between.toAsker(seal({ version: 1, kind: 'answer', nonce, body }, key));
    await gw1.refused(1);
    expect(gw1.refusals).toEqual(['misdirected']);
    await between.toAsker(last(between.answers));
    await expect.poll(() => between.answers.length).toBe(2);
    await between.toAsker(last(between.answers));
    expect(await asked).toEqual({ kind: 'done', value: says('gw2') });
  });

  test('of another kind of message with the same key is not taken', async () => {
    await ask();
    between.onAnswer = (datagram) => [Buffer.concat([datagram.subarray(0, 4), Buffer.of(0), datagram.subarray(5)])];
    expect(await ask({ deadlineMs: 50 })).toMatchObject({ kind: 'unknown' });
    expect(gw1.refusals).toEqual(['forged']);
  });
});

describe('garbage', () => {
  test('is never answered, and a question among it is', async () => {
    for (let batch = 1; batch <= 50; batch += 1) {
      const garbage = Array.from({ length: 100 }, (_, length) => randomBytes(length * 12));
      await Promise.all(garbage.map((datagram) => between.toTarget(datagram)));
      await gw2.refused(batch * 100);
    }
    expect(between.answers).toEqual([]);
    expect(new Set(gw2.refusals)).toEqual(new Set(['forged']));
    expect(await ask()).toMatchObject({ kind: 'done' });
  });
});

describe('another version of the messages', () => {
  const nonce = '11'.repeat(16);

  test('is refused with words, on both sides', async () => {
    const answer = between.nextAnswer();
    await between.toTarget(seal({ version: 2, kind: 'question', nonce, body: 'in other words' }, key));
    expect((await answer)[3]).toBe(1);
    expect(gw2.refusals).toEqual(['version']);
    between.onQuestion = () => [];
    const asked = ask();
    await expect.poll(() => between.questions.length).toBe(1);
    const own = last(between.questions).toString('hex', 5, 21);
    await between.toAsker(seal({ version: 2, kind: 'otherVersion', nonce: own, body: '' }, key));
    const reason = "gw2 speaks version 2, this node 1, of the peers' messages: update the older one";
    expect(await asked).toEqual({ kind: 'unknown', reason });
  });

  test('is not answered without the key', async () => {
    await between.toTarget(seal({ version: 2, kind: 'question', nonce, body: '' }, createSecretKey(Buffer.alloc(32))));
    await gw2.refused(1);
    expect(await ask()).toMatchObject({ kind: 'done' });
    expect(gw2.refusals).toEqual(['forged']);
  });
});
