// Planned moves of a path between two gateways, as its initiator sees them.
import { readFileSync } from 'node:fs';
import { keys } from '../../../src/core/records.ts';
import { now, sleep, until } from '../../lab/clock.ts';
import type { ConsulServers } from '../../lab/consul.ts';
import type { Gateway } from '../../lab/gateway.ts';
import { barMedian, keep, largest, type Report } from '../../lab/report.ts';
import { move, patienceMs } from '../cluster.ts';
import { connectionsNow } from '../open-iscsi.ts';
import { goesOn, seen, switchMostMs, type Writers } from '../writing.ts';
import { initiatorHost } from './hosts.ts';

/** From the moment the initiator's host knows where its path is now. open-iscsi may wait a second of it by itself. */
const onePathMostMs = 3000;

const pollMs = 10;

export interface Moving {
  readonly writers: Writers;
  readonly report: Report;
  readonly consul: ConsulServers;
  /** The first one serves what is moved. */
  readonly gateways: readonly [Gateway, Gateway];
  /** How many connections there are while every path is served. */
  readonly connections: number;
}

interface Moved {
  /** From the start of the move until every writer has written again. */
  readonly longestMs: number;
  /** The last part of the write that waited longest, from when the neighbour was known. */
  readonly afterNeighbourMs: number;
}

export async function moveOneOfTwo(moving: Moving, disk: string, ip: string, times: number): Promise<void> {
  const moves = await thereAndBack(moving, disk, ip, times);
  barMedian(moving.report, 'movedTwoPathsLongestWriteMs', moves.map(({ longestMs }) => longestMs), switchMostMs);
}

export async function moveTheOnly(moving: Moving, disk: string, ip: string, times: number): Promise<void> {
  const moves = await thereAndBack(moving, disk, ip, times);
  keep(moving.report, 'movedOnePathLongestWriteMs', largest(moves.map(({ longestMs }) => longestMs)));
  const after = moves.map(({ afterNeighbourMs }) => afterNeighbourMs);
  barMedian(moving.report, 'movedOnePathAfterNeighbourMs', after, onePathMostMs);
}

async function thereAndBack(moving: Moving, disk: string, ip: string, times: number): Promise<readonly Moved[]> {
  let [from, to] = moving.gateways;
  const moves: Moved[] = [];
  while (moves.length < times) {
    moves.push(await moveFirstPath(moving, { disk, ip, from, to }));
    [from, to] = [to, from];
  }
  return moves;
}

interface Way {
  readonly disk: string;
  readonly ip: string;
  readonly from: Gateway;
  readonly to: Gateway;
}

async function moveFirstPath(moving: Moving, { disk, ip, from, to }: Way): Promise<Moved> {
  const { writers, connections } = moving;
  const isKnown = (): Promise<boolean> => knowsWhoIsConnected(moving, from, ip);
  await until(`${from.host.name} has written down who is connected to ${ip}`, patienceMs, isKnown, 250);
  const begun = now();
  const neighbour = neighbourChanges(ip);
  await move(disk, 1, from, to);
  const isWhole = async (): Promise<boolean> => (await connectionsNow()).length === connections;
  await until('every path carries a connection', patienceMs, isWhole, 250);
  const whole = now();
  await until(`the writers of ${disk} go on`, patienceMs, () => goesOn(writers, disk, whole), 100);
  const { longestMs, longestEndedAt } = await seen(writers, disk, begun);
  const moved = { longestMs, afterNeighbourMs: longestEndedAt - (await neighbour) };
  console.log(`moved ${disk}/1 to ${to.host.name}: longest write ${longestMs.toFixed(0)} ms,`
    + ` ${moved.afterNeighbourMs.toFixed(0)} ms of it after its neighbour was known`);
  return moved;
}

/** After a move a node looks every 2 s who is connected: the next owner wakes up those that are written down. */
async function knowsWhoIsConnected({ consul }: Moving, { host }: Gateway, ip: string): Promise<boolean> {
  const key = `/v1/kv/pathwarden/${keys.connections(host.name)}`;
  const [entry] = await consul.get<readonly { Value: string }[]>(initiatorHost, key).catch(() => []);
  const written = Buffer.from(entry?.Value ?? '', 'base64').toString();
  const [, port] = new RegExp(`:(\\d+) to ${ip}:`).exec((await connectionsNow()).join(' ')) ?? [];
  return port !== undefined && written.includes(` ${port}"`);
}

/** When this host learns that another machine has the address. */
async function neighbourChanges(ip: string): Promise<number> {
  const before = linkAddressOf(ip);
  while ([before, undefined].includes(linkAddressOf(ip))) await sleep(pollMs);
  return now();
}

function linkAddressOf(ip: string): string | undefined {
  const lines = readFileSync('/proc/net/arp', 'utf8').split('\n').map((line) => line.split(/\s+/));
  return lines.find(([address, , flags]) => address === ip && flags !== '0x0')?.[3];
}
