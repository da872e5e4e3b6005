import { expect, test } from 'vitest';
import { systemdNotifier } from '../../src/notify.ts';

function recorded(env: Record<string, string>) {
  const argvs: (readonly string[])[] = [];
  const notifier = systemdNotifier(env, (argv) => {
    argvs.push(argv);
    return Promise.resolve();
  });
  return { argvs, notifier };
}

test('systemd is told through its own program, one argument per message', async () => {
  const { argvs, notifier } = recorded({ NOTIFY_SOCKET: '/run/systemd/notify' });
  await notifier.ready();
  await notifier.status('12 paths served\n\nWATCHDOG=trigger');
  await notifier.alive();
  await notifier.stopping();
  expect(argvs).toEqual([
    ['systemd-notify', 'READY=1'],
    ['systemd-notify', 'STATUS=12 paths served WATCHDOG=trigger'],
    ['systemd-notify', 'WATCHDOG=1'],
    ['systemd-notify', 'STOPPING=1'],
  ]);
});

test('nobody is told outside of systemd', async () => {
  const { argvs, notifier } = recorded({ WATCHDOG_USEC: '30000000' });
  await notifier.ready();
  expect(argvs).toEqual([]);
  expect(notifier.watchdogMs).toBeNull();
});

test('the watchdog interval is what the unit says, unless it is meant for another process', () => {
  const unit = { NOTIFY_SOCKET: '/s', WATCHDOG_USEC: '30000000' };
  expect(recorded(unit).notifier.watchdogMs).toBe(30_000);
  expect(recorded({ ...unit, WATCHDOG_PID: String(process.pid) }).notifier.watchdogMs).toBe(30_000);
  expect(recorded({ ...unit, WATCHDOG_PID: '1' }).notifier.watchdogMs).toBeNull();
  expect(recorded({ NOTIFY_SOCKET: '/s' }).notifier.watchdogMs).toBeNull();
});
