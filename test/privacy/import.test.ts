// The metadata of PetaSAN may have a password in it: whatever goes wrong with reading it, none is quoted.
import { expect, test } from 'vitest';
import { readMetadata } from '../../adapters/backstore/rbd-metadata.ts';
import { recordingRunner } from '../adapters/recording-runner.ts';
import { canaries, Sweep } from './canaries.ts';

const description = JSON.stringify({ id: '00001', user: 'ada', password: canaries.petasan });
const open = { 'rbd status': { stdout: '{"watchers":[]}' } };
const none = { ...open, 'rbd image-meta': { stdout: '{}' }, 'rbd info': { stdout: '{"id":"1a2b"}' } };

test.each([
  ['the list of the metadata', { ...open, 'rbd image-meta': { code: 1, stdout: description } }],
  ['a list that is none', { ...open, 'rbd image-meta': { stdout: `"${description}` } }],
  ['the attribute', { ...none, rados: { code: 1, stdout: description } }],
])('a failure at %s', async (where, answers) => {
  const { run } = recordingRunner(answers);
  const image = { kind: 'rbd', pool: 'rbd', image: 'one' } as const;
  const read = await readMetadata({ run, conf: '/c', id: 'u' }, image, { deadlineMs: 1000 });
  expect(read).toMatchObject({ kind: 'unknown' });
  const sweep = new Sweep();
  sweep.add(where, JSON.stringify(read));
  expect(sweep.leaks).toEqual([]);
});
