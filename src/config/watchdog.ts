// The watchdog: what resets this host when nobody can be sure any more that it stopped serving.
import { Type } from 'typebox';
import { millis, section } from './fields.ts';

export const watchdog = section('The watchdog device that resets this host when it must not serve and cannot stop', {
  mode: Type.Union([Type.Literal('off'), Type.Literal('automatic'), Type.Literal('required')], {
    default: 'off',
    description:
      '`off`: no watchdog. `automatic`: used when the device is there and fits, and said in the log when not. ' +
      '`required`: the daemon does not start without it',
    examples: ['required'],
  }),
  device: Type.String({
    pattern: '^/[^\\s]*[^\\s/]$',
    default: '/dev/watchdog',
    description: 'The device. Nothing else may hold it: no `RuntimeWatchdogSec` of systemd, no watchdog daemon',
    expects: 'an absolute path',
    examples: ['/dev/watchdog'],
  }),
  timeoutMs: millis(
    'The device resets the host at the latest this long after it was fed last. Its own timeout, set by its driver, ' +
      'must not be longer (`/sys/class/watchdog/watchdog0/timeout`) and is not changed',
    { least: 5000, most: 600_000, normal: 10_000 },
    'A busy host is reset without need. The device is fed every second',
    'A host that must not serve does so for longer, and `leaseBound` has to wait for that',
  ),
  teardownMs: millis(
    'A path that has no right to be served here must be torn down, and that read back, within this time. ' +
      'After it, the watchdog is not fed',
    { least: 1000, most: 600_000, normal: 10_000 },
    'A host is reset although its teardown would have ended',
    'A path that cannot be torn down is served without right for longer, and `leaseBound` has to wait for that',
  ),
});
