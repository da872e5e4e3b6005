// Tells systemd how the daemon is. Without $NOTIFY_SOCKET (not under systemd) it tells nobody.
// Node has no unix datagram sockets, so systemd's own `systemd-notify` sends it: the unit has NotifyAccess=all.

/** Runs a program without a shell; resolves when it has ended, however it ended. Never rejects. */
export type NotifyRunner = (argv: readonly string[]) => Promise<unknown>;

export interface Notifier {
  /** Recovered and joined: units ordered after this one may start. */
  ready(): Promise<void>;
  /** One line for `systemctl status`. */
  status(text: string): Promise<void>;
  stopping(): Promise<void>;
  /** To be called only after the commit loop and the journal have answered. */
  alive(): Promise<void>;
  /** How often `alive` is expected; null when the unit sets no WatchdogSec. Call it at least twice as often. */
  readonly watchdogMs: number | null;
}

export function systemdNotifier(env: Readonly<Record<string, string | undefined>>, run: NotifyRunner): Notifier {
  const listening = (env['NOTIFY_SOCKET'] ?? '') !== '';
  const send = async (...words: readonly string[]): Promise<void> => {
    if (listening) await run(['systemd-notify', ...words]);
  };
  const watchdogUs = Number(env['WATCHDOG_USEC'] ?? '');
  // The watchdog may be meant for another process of the unit.
  const watched = listening && watchdogUs > 0 && [undefined, String(process.pid)].includes(env['WATCHDOG_PID']);
  return {
    ready: () => send('READY=1'),
    // A line feed would start another assignment.
    status: (text) => send(`STATUS=${text.replaceAll(/\s+/g, ' ').trim()}`),
    stopping: () => send('STOPPING=1'),
    alive: () => send('WATCHDOG=1'),
    watchdogMs: watched ? Math.floor(watchdogUs / 1000) : null,
  };
}
