// How a client of Ceph says that it is refused. Whatever else goes wrong, an end by its deadline too, shows nothing.
import { execFile } from 'node:child_process';
import type { Answer } from '../../qemu-io.ts';

/** What ESHUTDOWN is to a client of Ceph: it is blocklisted. */
export const blocklisted = 108;

/** Null: a signal ended it, at its deadline for example. */
export function exitCodeOf([program = '', ...argv]: readonly string[]): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const child = execFile(program, argv, { timeout: 120_000, maxBuffer: 1 << 24 }, () => {});
  child.once('close', resolve);
  return promise;
}

/** What became of opening an image: by a client, whose exit code says why, or by tgtd, which says it in its log. */
export function outcomeOf(code: number | null, log = ''): string {
  if (code === 0) return 'opened';
  const isRefused = code === blocklisted || (code !== null && log.includes(`rbd_open: -${String(blocklisted)}\n`));
  return isRefused ? 'refused' : `ended with ${String(code)}`;
}

export interface LateWrite {
  readonly offset: number;
  readonly answer: Answer;
}

/** Writes of which the initiator was told that they failed, each because Ceph refused the target at that place. */
export function refusedOf(writes: readonly LateWrite[], log: string): LateWrite[] {
  const places = refusedPlaces(log);
  return writes.filter(({ answer, offset }) => {
    const at = places.indexOf(offset);
    if (at === -1 || answer.kind !== 'failed' || !answer.output.includes('write failed: ')) return false;
    places.splice(at, 1);
    return true;
  });
}

/** As tgtd says it: `io error 0x55f6dfb0aa60 2a -108 4096 4194304, Success`. */
const refusedPlaces = (log: string): number[] =>
  [...log.matchAll(/ io error \S+ \S+ -108 \d+ (\d+),/g)].map(([, offset]) => Number(offset));
