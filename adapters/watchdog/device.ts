// The watchdog device of this host, held by a helper process of its own. The daemon sends a token for each feed: when
// its main loop hangs, is paused or ends, no token comes, and the device resets the host.
import { extname, join } from 'node:path';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import type { WatchdogPort } from '../../src/ports/watchdog.ts';
import { startCompanion } from '../run.ts';
import { monotonicMs, type Reply, type Request } from './protocol.ts';

export interface DeviceSettings {
  readonly device: string;
  /** A token that reaches the helper later than this feeds nothing. */
  readonly tokenAgeMs: number;
  readonly onOpened: () => void;
  /** The device could not be opened or written. */
  readonly onFailed: (reason: string) => void;
}

/** The helper is replaced when it ends; the device is armed meanwhile. */
export function deviceWatchdog(settings: DeviceSettings): WatchdogPort {
  let keeper: Keeper | null = null;
  return {
    feed() {
      if (keeper === null || keeper.ended) keeper = open(settings);
      const { device, tokenAgeMs } = settings;
      keeper.tell({ kind: 'feed', device, madeAtMs: monotonicMs(), tokenAgeMs });
    },
    armed: (options) => (keeper === null ? Promise.resolve(refused('nobody has fed it')) : inTime(keeper, options)),
    async disarm() {
      const last = keeper;
      keeper = null;
      if (last === null || last.ended) return;
      last.tell({ kind: 'disarm' });
      const tooLong = setTimeout(() => last.end(), disarmDeadlineMs);
      await last.disarmed;
      clearTimeout(tooLong);
      last.end();
    },
    abandon() {
      keeper?.end();
      keeper = null;
    },
  };
}

/** A device that hangs must not keep the daemon from ending; it stays armed then. */
const disarmDeadlineMs = 1000;
const ownProgram = join(import.meta.dirname, `keeper${extname(import.meta.filename)}`);

interface Keeper {
  ended: boolean;
  /** How opening the device went. */
  readonly opened: Promise<Outcome>;
  /** Resolves when the device is closed in order, or the helper has ended. */
  readonly disarmed: Promise<void>;
  tell(request: Request): void;
  end(): void;
}

function open({ onOpened, onFailed }: DeviceSettings): Keeper {
  const child = startCompanion(ownProgram);
  const { promise: disarmed, resolve } = Promise.withResolvers<void>();
  const { promise: opened, resolve: resolveOpened } = Promise.withResolvers<Outcome>();
  const keeper: Keeper = {
    ended: false,
    opened,
    disarmed,
    tell(request) {
      // A token that cannot be sent feeds nothing, which is safe.
      if (!keeper.ended && child.connected) child.send(request, () => undefined);
    },
    end() {
      ended();
      if (child.connected) child.disconnect();
    },
  };
  const ended = (): void => {
    keeper.ended = true;
    resolve();
    resolveOpened(refused('the helper that holds it has ended'));
  };
  child.on('message', (reply: Reply) => {
    if (reply.kind === 'opened') {
      resolveOpened(done(null));
      onOpened();
      return;
    }
    resolve();
    if (reply.kind !== 'failed') return;
    resolveOpened(refused(reply.reason));
    onFailed(reply.reason);
  });
  child.once('disconnect', ended).once('exit', ended).once('error', ended);
  return keeper;
}

async function inTime({ opened }: Keeper, { deadlineMs }: CallOptions): Promise<Outcome> {
  const { promise: late, resolve } = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => resolve(unknown('no answer before its deadline')), deadlineMs);
  const outcome = await Promise.race([opened, late]);
  clearTimeout(timer);
  return outcome;
}
