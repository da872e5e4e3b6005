// The exact scripts that nft is given.
import { expect, test } from 'vitest';
import { nftTraffic } from '../../adapters/traffic/nft.ts';
import { recordingRunner } from './recording-runner.ts';

const patience = { deadlineMs: 1000 };
const done = { kind: 'done', value: null };

const gone = (set: string, ip: string): string =>
  ['add', 'delete'].map((verb) => `${verb} element inet pathwarden ${set} { ${ip} }\n`).join('');

test('nft makes its tables with the first change, and changes one element from then on', async () => {
  const { run, asked } = recordingRunner();
  const traffic = nftTraffic({ run });
  await traffic.ensureBlocked('10.0.0.1', patience);
  await traffic.ensureUnblocked('fd00::1', patience);
  expect(asked.map(({ argv }) => argv)).toEqual(['nft -f -', 'nft -f -']);
  expect(asked[0]?.options.input).toMatch(/^add table inet pathwarden\n/);
  expect(asked[0]?.options.input).toMatch(
    /add element inet pathwarden blocked4 \{ 10\.0\.0\.1 \}\nadd element arp pathwarden blocked4 \{ 10\.0\.0\.1 \}\n/,
  );
  expect(asked[1]?.options.input).toBe(gone('blocked6', 'fd00::1') + gone('ending6', 'fd00::1'));
  expect(asked[0]?.options.input).not.toMatch(/flush ruleset|flush table|delete table/);
});

test('nft lets ends out for as long as it was last asked to', async () => {
  const { run, asked } = recordingRunner();
  const traffic = nftTraffic({ run });
  await traffic.ensureBlocked('fd00::1', patience, 'ends');
  await traffic.ensureBlocked('fd00::1', patience);
  const blocked = 'add element inet pathwarden blocked6 { fd00::1 }\n';
  expect(asked[0]?.options.input?.endsWith(`${blocked}add element inet pathwarden ending6 { fd00::1 }\n`)).toBe(true);
  expect(asked[1]?.options.input).toBe(blocked + gone('ending6', 'fd00::1'));
});

test('nft changes what comes at the same time in one transaction, in the order of the calls', async () => {
  const { run, asked } = recordingRunner();
  const traffic = nftTraffic({ run });
  const outcomes = await Promise.all([
    traffic.ensureBlocked('10.0.0.1', patience),
    traffic.ensureBlocked('10.0.0.2', patience),
    traffic.ensureUnblocked('10.0.0.3', patience),
  ]);
  expect(outcomes).toEqual([done, done, done]);
  expect(asked).toHaveLength(2);
  expect(asked[1]?.options.input).toMatch(/blocked4 \{ 10\.0\.0\.2 \}\n[\s\S]*delete element [^\n]*10\.0\.0\.3/);
});

test('nft makes its tables again when a change is refused', async () => {
  const answers: Record<string, { code: number }> = {};
  const { run, asked } = recordingRunner(answers);
  const traffic = nftTraffic({ run });
  await traffic.ensureBlocked('10.0.0.1', patience);
  answers['nft'] = { code: 1 };
  expect(await traffic.ensureBlocked('10.0.0.2', patience)).toMatchObject({ kind: 'refused' });
  expect(asked.map(({ options }) => options.input?.startsWith('add table'))).toEqual([true, false, true]);
});

test('nft refuses all that share a transaction which did not happen', async () => {
  const { run } = recordingRunner({ nft: { code: 1, stderr: 'Error: Could not process rule' } });
  const traffic = nftTraffic({ run });
  const calls = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((ip) => traffic.ensureBlocked(ip, patience));
  expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
});

test('nft that has no such table blocks nothing, and one that cannot be run leaves it unknown', async () => {
  const observed = (answer: { code: number; stderr: string }) =>
    nftTraffic({ run: recordingRunner({ nft: answer }).run }).observe(patience);
  const none = 'Error: No such file or directory\nlist table inet pathwarden\n';
  expect(await observed({ code: 1, stderr: none })).toEqual({ kind: 'done', value: [] });
  const broken = 'nft: error while loading shared libraries: libnftables.so.1: No such file or directory';
  expect(await observed({ code: 127, stderr: broken })).toMatchObject({ kind: 'unknown' });
});
