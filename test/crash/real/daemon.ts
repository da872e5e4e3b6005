// Stands in for the daemon in a real process: the same one, which kills its own process where it is told to.
import { Daemon as RealDaemon, type DaemonParts } from '../../../src/daemon/daemon.ts';
import { Life } from '../life.ts';
import { throughHarness, type Harness } from '../ports.ts';

/** Where to die: what the driver sends, and what a start gets in its environment. */
export interface Sentence {
  readonly moment: string;
  readonly nth: number;
  /** Goes on for so long before it dies: other threads are in the middle of their work then. */
  readonly lingerMs: number;
}

export const sentenceVariable = 'PATHWARDEN_CRASH_AT';

let sentence = JSON.parse(process.env[sentenceVariable] ?? 'null') as Sentence | null;
let reached = 0;

process.on('message', (message: Sentence) => {
  sentence = message;
  reached = 0;
  process.send?.({ armed: true });
});
process.channel?.unref();

const harness: Harness = {
  at(_life, moment) {
    if (moment !== sentence?.moment) return false;
    reached += 1;
    if (reached < sentence.nth) return false;
    const until = performance.now() + sentence.lingerMs;
    while (performance.now() < until);
    process.kill(process.pid, 'SIGKILL');
    // Nothing more happens on this thread, however late the signal comes.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    return true;
  },
  latencyMs: () => 0,
  lands: () => false,
  lateMs: () => 0,
  wait: () => Promise.resolve(),
  asked: () => () => {},
  durable: () => {},
};

export class Daemon extends RealDaemon {
  constructor(parts: DaemonParts) {
    super(throughHarness(harness, new Life(parts.settings.node, 1), parts));
    this.engine.follow(() => void harness.at(new Life(parts.settings.node, 1), 'adopted, not dispatched'));
  }
}
