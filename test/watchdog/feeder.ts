// A process with a main loop that feeds: started by keeper.test.ts, which stops, kills and blocks it.
import { deviceWatchdog } from '../../adapters/watchdog/device.ts';

const [device = '', everyMs = '20', tokenAgeMs = '1000'] = process.argv.slice(2);
const say = (word: string): void => void process.send?.(word);
const watchdog = deviceWatchdog({
  device,
  tokenAgeMs: Number(tokenAgeMs),
  onOpened: () => say('opened'),
  onFailed: (reason) => say(reason),
});
const turns = setInterval(() => watchdog.feed(), Number(everyMs));

process.on('message', (word: 'block' | 'disarm' | 'abandon') => {
  if (word === 'block') for (;;) performance.now();
  clearInterval(turns);
  if (word === 'abandon') watchdog.abandon();
  else void watchdog.disarm().then(() => process.exit(0));
});
