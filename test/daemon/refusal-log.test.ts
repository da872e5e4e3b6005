import { expect, test } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { silentLog } from '../../src/daemon/log.ts';
import { refusalLog } from '../../src/daemon/refusal-log.ts';

test('one line a minute for each kind, however many come', async () => {
  const clock = virtualClock();
  const lines: object[] = [];
  const refused = refusalLog({ ...silentLog, warn: (data) => lines.push(data) }, clock);
  for (let time = 1; time <= 1000; time += 1) refused('forged', '192.0.2.1:7481');
  refused('version', '10.0.0.2:7481');
  expect(lines).toEqual([
    { data: { refusal: 'forged', from: '192.0.2.1:7481' } },
    { data: { refusal: 'version', from: '10.0.0.2:7481' } },
  ]);
  await clock.advanceAndSettle(60_000);
  refused('forged', '192.0.2.9:53');
  expect(lines[2]).toEqual({ data: { refusal: 'forged', from: '192.0.2.9:53', unsaidBefore: 999 } });
});

test('what networks do by themselves is no line at all', () => {
  const lines: object[] = [];
  const note = (data: object): void => void lines.push(data);
  const refused = refusalLog({ debug: note, info: note, warn: note, error: note }, virtualClock());
  refused('repeated', '10.0.0.2:7481');
  refused('unasked', '10.0.0.2:7481');
  expect(lines).toEqual([]);
});
