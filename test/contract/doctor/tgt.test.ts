// tgtd and nft, for real, in a namespace of their own.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tgtLook } from '../../../adapters/target/tgt-look.ts';
import { checkRules } from '../../../adapters/traffic/nft.ts';
import { recordingRunner } from '../../adapters/recording-runner.ts';
import { createWorld, ended, patience, realPartsMissing, type World } from '../dataplane/world.ts';

// Root and real programs are not everywhere; in CI they are.
describe.skipIf(realPartsMissing() !== null)('on a gateway', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  }, 30_000);
  afterAll(() => world?.close());

  const look = (at = world) => tgtLook({ run: at.gateway, controlPort: at.controlPort });

  test('a tgtd that answers says what it listens on', async () => {
    expect(await look().observe()).toEqual({ kind: 'done', value: { portals: 1, wildcard: null } });
  });

  test('rules are tried, and none is left', async () => {
    expect(await checkRules({ run: world.gateway }, patience)).toEqual({ kind: 'done', value: null });
    const left = await world.gateway(['nft', 'list', 'ruleset'], patience);
    expect(left).toMatchObject({ kind: 'exited', code: 0, stdout: '' });
  });

  test('rules that nft does not take are refused', async () => {
    expect(await checkRules({ run: world.gateway, table: 'two words' }, patience)).toMatchObject({ kind: 'refused' });
  });

  test('a tgtd that listens everywhere is told', async () => {
    const open = await createWorld({ portal: '0.0.0.0:3260' });
    expect(await look(open).observe()).toMatchObject({ value: { wildcard: '0.0.0.0:3260' } });
    await open.close();
  });

  test('a tgtd that is gone is unknown', async () => {
    await ended(world.tgtd);
    expect(await look().observe()).toMatchObject({ kind: 'unknown' });
  });
});

test('without nft nothing is tried', async () => {
  const { run } = recordingRunner({ nft: 'missing' });
  expect(await checkRules({ run }, patience)).toMatchObject({ kind: 'refused', code: 'missing' });
});
