// ARP through iputils arping. It counts in whole seconds, so it is interrupted when it has had its time: it then
// reports what it sent and what came back, which a killed one would not.
import type { Address } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run, type RunResult, shareDeadline } from '../run.ts';

/** Long enough for arping to start and send on a busy machine; it sends at once and would then wait a second. */
const announceMs = 100;

/**
 * Who answers for an address that we do not have: link addresses in lower case, the first answer ends it. An arping
 * that had not begun to ask when its time was over is given twice the time, for as long as the deadline allows it.
 */
export async function probeByArp(
  run: Run,
  address: Address,
  waitMs: number,
  options: CallOptions,
): Promise<Outcome<readonly string[]>> {
  const left = shareDeadline(options);
  const argv = ['arping', '-D', '-I', address.interface, address.ip];
  for (let interruptAfterMs = waitMs; ; interruptAfterMs *= 2) {
    const result = await run(argv, { ...left(), interruptAfterMs });
    if (result.kind !== 'exited' || result.code > 1) return failure(result);
    const answers = [...result.stdout.matchAll(/reply from \S+ \[([0-9A-Fa-f:]+)\]/g)].map(([, mac = '']) => mac);
    if (answers.length > 0) return done(answers.map((mac) => mac.toLowerCase()));
    if (sent(result)) return done([]);
    if (left().deadlineMs < interruptAfterMs * 2) return unknown(`nothing was asked: ${describe(result)}`);
  }
}

/** Once as a request and once as a reply: some neighbours heed only the one, some only the other. */
export function announceByArp(run: Run, address: Address, options: CallOptions): Promise<Outcome[]> {
  const send = async (form: '-U' | '-A'): Promise<Outcome> => {
    const argv = ['arping', form, '-c', '1', '-I', address.interface, address.ip];
    const result = await run(argv, { ...options, interruptAfterMs: announceMs });
    if (result.kind === 'exited' && sent(result)) return done(null);
    if (result.kind !== 'exited' || result.code !== 0) return failure(result);
    return unknown(`nothing was sent: ${describe(result)}`);
  };
  return Promise.all([send('-U'), send('-A')]);
}

const sent = (result: RunResult): boolean => result.kind === 'exited' && /^Sent [1-9]\d* probes/m.test(result.stdout);
