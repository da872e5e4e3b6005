// ARP through iputils arping. It counts in whole seconds, so it is interrupted when it has had its time: it then
// reports what it sent and what came back, which a killed one would not.
import type { Address } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run, shareDeadline } from '../run.ts';

/** Long enough for arping to start and send on a busy machine; it sends at once and would then wait a second. */
const announceMs = 100;

/** Who answers for an address that we do not have: link addresses in lower case, the first answer ends it. */
export async function probeByArp(
  run: Run,
  address: Address,
  waitMs: number,
  options: CallOptions,
): Promise<Outcome<readonly string[]>> {
  const asked = await arping(run, ['-D', '-I', address.interface, address.ip], waitMs, options);
  if (asked.kind !== 'done') return asked;
  return done([...asked.value.matchAll(replies)].map(([, mac = '']) => mac.toLowerCase()));
}

/** Once as a request and once as a reply: some neighbours heed only the one, some only the other. */
export function announceByArp(run: Run, address: Address, options: CallOptions): Promise<Outcome[]> {
  const send = async (form: '-U' | '-A'): Promise<Outcome> => {
    const told = await arping(run, [form, '-c', '1', '-I', address.interface, address.ip], announceMs, options);
    return told.kind === 'done' ? done(null) : told;
  };
  return Promise.all([send('-U'), send('-A')]);
}

const replies = /reply from \S+ \[([0-9A-Fa-f:]+)\]/g;

/**
 * Gives what it printed. One that had not begun to send when its time was over, nor to heed the interruption, is given
 * twice the time, for as long as the deadline allows it.
 */
async function arping(
  run: Run,
  flags: readonly string[],
  waitMs: number,
  options: CallOptions,
): Promise<Outcome<string>> {
  const left = shareDeadline(options);
  for (let interruptAfterMs = waitMs; ; interruptAfterMs *= 2) {
    const result = await run(['arping', ...flags], { ...left(), interruptAfterMs });
    const isEarly = result.kind === 'unknown' && result.reason === 'ended by SIGINT';
    if (!isEarly && (result.kind !== 'exited' || result.code > 1)) return failure(result);
    if (result.kind === 'exited' && hasSent.test(result.stdout)) return done(result.stdout);
    if (left().deadlineMs < interruptAfterMs * 2) return unknown(`nothing was sent: ${describe(result)}`);
  }
}

const hasSent = /^Sent [1-9]\d* probes/m;
