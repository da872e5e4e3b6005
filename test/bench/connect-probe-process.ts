// Runs on the writing host: connects to one portal after the other, a few hundred in a second.
import { connect } from 'node:net';
import { now, sleep } from '../lab/clock.ts';
import type { ProbeFigures } from './connect-probe.ts';

const perSecond = 300;
const atOnce = 6;
const deadlineMs = 1000;
const delayedMs = 200;

let figures = none();
process.on('disconnect', () => process.exit(0));
process.on('message', (question: { ips?: readonly string[]; port?: number }) => {
  const { ips, port = 0 } = question;
  if (ips !== undefined) for (let lane = 0; lane < atOnce; lane += 1) void run(ips, port, lane);
  process.send?.(figures);
  figures = none();
});

async function run(ips: readonly string[], port: number, lane: number): Promise<void> {
  for (let at = lane; ; at += atOnce) {
    const begun = now();
    const isOpen = await answers(ips[at % ips.length] ?? '', port);
    const tookMs = now() - begun;
    figures = {
      connects: figures.connects + 1,
      failed: figures.failed + (isOpen ? 0 : 1),
      delayed: figures.delayed + (tookMs > delayedMs ? 1 : 0),
      slowestMs: Math.max(figures.slowestMs, tookMs),
    };
    await sleep(Math.max(0, (atOnce * 1000) / perSecond - tookMs));
  }
}

async function answers(ip: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: ip, port });
  socket.setTimeout(deadlineMs, () => resolve(false));
  socket.on('connect', () => resolve(true));
  socket.on('error', () => resolve(false));
  const answer = await promise;
  socket.resetAndDestroy();
  return answer;
}

function none(): ProbeFigures {
  return { connects: 0, failed: 0, delayed: 0, slowestMs: 0 };
}
