// One datagram: magic, version, kind, nonce, body, and the HMAC over all of it. Every version has this same frame.
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/** What this program speaks. A change of the body that others cannot read gets the next number. */
export const protocolVersion = 1;

/** Fits into one packet on every link, also over IPv6. */
export const datagramBytesMax = 1200;

const kinds = ['question', 'answer', 'challenge', 'otherVersion'] as const;
export type Kind = (typeof kinds)[number];

export interface Frame {
  readonly version: number;
  readonly kind: Kind;
  /** 32 hex digits. */
  readonly nonce: string;
  readonly body: string;
}

/** A frame whose HMAC was right, and the key that it was right with. */
export interface OpenedFrame extends Frame {
  readonly key: KeyObject;
}

const magic = Buffer.from('PWP');
const nonceAt = magic.length + 2;
const nonceBytes = 16;
const bodyAt = nonceAt + nonceBytes;
const macBytes = 32;
// The same key used for something else by somebody else makes no message of ours.
const label = Buffer.from('pathwarden peers\0');

export function seal({ version, kind, nonce, body }: Frame, key: KeyObject): Buffer {
  const head = Buffer.from([...magic, version, kinds.indexOf(kind)]);
  const text = Buffer.concat([head, Buffer.from(nonce, 'hex'), Buffer.from(body)]);
  return Buffer.concat([text, macOf(text, key)]);
}

/** Null for whatever was not made with one of these keys. Nothing in it is looked at before that is known. */
export function open(datagram: Buffer, keys: readonly KeyObject[]): OpenedFrame | null {
  if (datagram.length < bodyAt + macBytes || datagram.length > datagramBytesMax) return null;
  if (!datagram.subarray(0, magic.length).equals(magic)) return null;
  const text = datagram.subarray(0, -macBytes);
  const mac = datagram.subarray(-macBytes);
  const key = keys.find((each) => timingSafeEqual(macOf(text, each), mac));
  const kind = kinds[text[magic.length + 1] ?? kinds.length];
  if (key === undefined || kind === undefined) return null;
  return {
    version: text[magic.length] ?? 0,
    kind,
    nonce: text.toString('hex', nonceAt, bodyAt),
    body: text.toString('utf8', bodyAt),
    key,
  };
}

const macOf = (text: Buffer, key: KeyObject): Buffer => createHmac('sha256', key).update(label).update(text).digest();

/** Bytes that a body may have. */
export const bodyBytesMax = datagramBytesMax - bodyAt - macBytes;
