// Started by device.ts: holds the watchdog and feeds it once for each fresh token. It has no timer: without tokens from
// the daemon's main loop nothing is fed. It ends with the daemon and then leaves the device armed.
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { monotonicMs, type Reply, type Request } from './protocol.ts';

const food = '.';
/** Written last, it tells the driver that the end is meant. */
const magicClose = 'V';

let device: number | null = null;

process.on('message', (request: Request) => {
  try {
    if (request.kind === 'disarm') disarm();
    else feed(request);
  } catch (error) {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
});

// Whoever stops the daemon with its whole group still wants it to give up its paths in order.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));

function feed(token: Extract<Request, { kind: 'feed' }>): void {
  // Tokens wait here while this process is paused: what was true then may be so no more.
  if (monotonicMs() - token.madeAtMs > token.tokenAgeMs) return;
  if (device === null) {
    device = openSync(token.device, constants.O_WRONLY);
    tell({ kind: 'opened' });
  }
  writeSync(device, food);
}

function disarm(): void {
  if (device !== null) {
    writeSync(device, magicClose);
    closeSync(device);
    device = null;
  }
  tell({ kind: 'disarmed' });
}

function tell(reply: Reply): void {
  // The daemon may be gone by now; then nobody has to know.
  if (process.connected) process.send?.(reply, undefined, undefined, () => undefined);
}
