// What is said of packets that were held back for no path.
import { expect, it } from 'vitest';
import { Registry } from '../../src/daemon/registry.ts';
import { startTrafficRounds } from '../../src/daemon/traffic-rounds.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';

/** The lines of the log after two rounds that see the same address. */
async function saidOf(outcome: Outcome): Promise<readonly string[]> {
  const said: string[] = [];
  const say = (_: object, message: string): void => void said.push(message);
  const rounds: (() => void)[] = [];
  const { promise: twice, resolve } = Promise.withResolvers<void>();
  startTrafficRounds({
    settings: { deadlines: { addressMs: 1000 } } as Parameters<typeof startTrafficRounds>[0]['settings'],
    dataPlane: { traffic: {
      ensureBlocked: async () => done(null),
      ensureUnblocked: async () => outcome,
      observe: async () => done(['10.0.9.9']),
    } },
    registry: new Registry(),
    log: { debug: say, info: say, warn: say, error: say },
    after: (_, then) => (rounds.push(then) === 3 ? resolve() : then()),
    isRunning: () => true,
  });
  await twice;
  return said;
}

it('an address is said to be let through when it was', async () => {
  expect(await saidOf(done(null))).toEqual(['packets were held back for no path of this node; they are let through']);
});

it('and to be held back still when it was not', async () => {
  const [line, ...others] = await saidOf(unknown('nft does not answer'));
  expect(line).toMatch(/^packets are held back for no path of this node, and could not be let through/);
  expect(others).toEqual([]);
});
