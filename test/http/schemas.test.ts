import { afterAll, describe, expect, test } from 'vitest';
import { Type, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import * as schemas from '../../src/http/schemas.ts';
import { harness, token } from './harness.ts';

const it = harness();
afterAll(() => it.app.close());

const answers: Readonly<Record<string, TSchema>> = {
  '/livez': schemas.Health,
  '/v1/actors': Type.Array(schemas.ActorView),
  '/v1/actors/path/00003/1': schemas.ActorView,
  '/v1/actors/path/00003/1/explain': schemas.Explanation,
  '/v1/actors/nobody': schemas.ErrorBody,
  '/v1/events': Type.Array(schemas.JournalRecord),
  '/v1/cluster': schemas.ClusterSummary,
  '/v1/journal': schemas.JournalInfo,
  '/v1/machines/disk-path': schemas.MachineInfo,
  '/v1/paths/00001/1/serving': schemas.Serving,
};

describe('the schemas tell the truth about', () => {
  test.each(Object.entries(answers))('%s', async (url, schema) => {
    expect([...Value.Errors(schema, (await it.app.inject(url)).json())]).toEqual([]);
  });

  test('what a post answers', async () => {
    const post = () =>
      it.app.inject({
        method: 'POST',
        url: '/v1/actors/node/events',
        headers: { authorization: `Bearer ${token}` },
        payload: { type: 'operator.drain', node: 'n2', by: 'alice', reason: 'test' },
      });
    expect([...Value.Errors(schemas.PostAccepted, (await post()).json())]).toEqual([]);
    it.inspector.nextPost = { accepted: false, state: 'joined', accepts: [] };
    expect([...Value.Errors(schemas.PostRefused, (await post()).json())]).toEqual([]);
  });
});
