import { expect, test } from 'vitest';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import type { ConsulAnswer, ConsulApi, KvJson } from '../../adapters/consul/api.ts';
import { wakeful } from '../../adapters/consul/wakeful.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';

const empty: ConsulAnswer<readonly KvJson[]> = {
  kind: 'answer', status: 404, index: 7, knownLeader: true, filtered: false, body: null, text: '',
};

/** A watch whose blocking queries never come back, as when the leader that got them died. */
function hanging() {
  const clock = virtualClock();
  const asked: string[] = [];
  const kvList: ConsulApi['kvList'] = (_prefix, query, { signal }) => {
    asked.push('consistent' in query ? 'read' : 'wait');
    if ('consistent' in query) return Promise.resolve(empty);
    return new Promise((resolve) => {
      signal?.addEventListener('abort', () => resolve({ kind: 'silence', reason: 'called off' }));
    });
  };
  const kvGet: ConsulApi['kvGet'] = () => Promise.resolve({ ...empty, body: null });
  const { watch, heard } = wakeful({ api: { kvList, kvGet } as ConsulApi, clock, prefix: 'p/' });
  const watching = watch({ onSnapshot: () => undefined, onTrouble: () => undefined });
  const hear = async (outcome: Outcome): Promise<void> => {
    await heard(Promise.resolve(outcome));
    await clock.advanceAndSettle(100);
  };
  return { clock, asked, hear, watching };
}

test('the watch asks anew when Consul answers again after a silence, and only then', async () => {
  const { clock, asked, hear, watching } = hanging();
  await clock.advanceAndSettle(100);
  expect(asked).toEqual(['read', 'wait']);
  await hear(done(null));
  await hear(unknown('no answer within 500 ms'));
  await hear(unknown('no leader'));
  expect(asked).toEqual(['read', 'wait']);
  await hear(refused('gone'));
  expect(asked).toEqual(['read', 'wait', 'read', 'wait']);
  await hear(done(null));
  expect(asked).toHaveLength(4);
  await watching.stop();
});
