// The users and secret files of a disk's CHAP, from the options of `disk add`.
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { AccessRules } from '../../src/core/records.ts';
import { accepted } from './fake-agent.ts';
import { bench } from './fake-terminal.ts';

const add = 'disk add 00001 --memory --path 10.0.1.1/24@eth1';
const chap = '--chap-user ada --chap-secret-file /s/ada';
const mutual = '--mutual-chap-user disk --mutual-chap-secret-file /s/disk';

test('disk add takes a user by whom the target proves itself', async () => {
  const { agent, pathwarden } = await bench();
  agent.onPost = () => accepted([{ type: 'spec.created' }]);
  await pathwarden(`${add} ${chap} ${mutual} --reason test --wait 0`);
  const ofTarget = { user: 'disk', secretFile: '/s/disk' };
  const access = { initiators: [], chap: { user: 'ada', secretFile: '/s/ada', mutual: ofTarget } };
  expect(agent.posted).toMatchObject([{ event: { type: 'operator.add', spec: { access } } }]);
  expect(Value.Check(AccessRules, access)).toBe(true);
  expect(Value.Check(AccessRules, { initiators: [], chap: { user: 'ada', secretFile: '/s/ada' } })).toBe(true);
});

test.each([
  [`${add} ${mutual}`, '--mutual-chap-user needs --chap-user'],
  [`${add} ${chap} --mutual-chap-user disk`, 'need each other'],
  [`${add} ${chap} ${mutual.replace('disk', 'ada')}`, 'must differ'],
])('%s is refused before anything is sent', async (line, said) => {
  const { agent, pathwarden } = await bench();
  const { code, errors } = await pathwarden(line);
  expect(code).toBe(2);
  expect(errors).toContain(said);
  expect(agent.posted).toEqual([]);
});
