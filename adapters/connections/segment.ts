// One TCP segment that carries nothing but an acknowledgement out of any window, as bytes.
import { isIPv6 } from 'node:net';
import type { Connection } from '../../src/ports/dataplane.ts';
import { plainIp } from '../../src/ports/ip.ts';

export const tcp = 6;
const headerBytes = 20;
const headerWords = 5;
const ackFlag = 0x10;

/** From the portal to its peer, without the IP header. Numbers and not bytes, so that it can be sent as JSON. */
export function bareAck({ portal, peer }: Connection): readonly number[] {
  const segment = Buffer.alloc(headerBytes);
  segment.writeUInt16BE(portal.port, 0);
  segment.writeUInt16BE(peer.port, 2);
  segment.writeUInt8(headerWords << 4, 12);
  segment.writeUInt8(ackFlag, 13);
  // What is counted into the checksum although the IP header carries it.
  const pseudoHeader = [...bytesOf(portal.ip), ...bytesOf(peer.ip), 0, tcp, 0, headerBytes];
  segment.writeUInt16BE(checksum([...pseudoHeader, ...segment]), 16);
  return [...segment];
}

/** The one's complement of the sum of all 16-bit words, in one's complement arithmetic. */
function checksum(bytes: readonly number[]): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function bytesOf(ip: string): readonly number[] {
  if (!isIPv6(ip)) return ip.split('.').map(Number);
  const [head = '', tail] = plainIp(ip).split('::');
  const words = (text: string): number[] => text.split(':').filter(Boolean).map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(head), words(tail ?? '')];
  const all = [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((word) => [word >>> 8, word & 0xff]);
}
