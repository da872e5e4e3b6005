import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { harness, token, type Harness } from './harness.ts';

let it: Harness;
beforeEach(() => {
  it = harness();
});
afterEach(() => it.app.close());

const authorised = { authorization: `Bearer ${token}` };
const release = { type: 'operator.release', to: 'n2', by: 'alice', reason: 'test', waitMs: 500 };
const post = (id: string, body: unknown, headers: Record<string, string> = authorised) =>
  it.app.inject({ method: 'POST', url: `/v1/actors/${id}/events`, headers, payload: body as object });
const spec = {
  desired: 'started',
  iqn: 'iqn.2026-01.net.example:00007',
  wwn: '6001405000000007',
  backstore: { kind: 'memory' },
  access: { initiators: [] },
  paths: [{ index: 1, ip: '10.0.7.101', prefix: 24, interface: 'eth1' }],
};

describe('an operator event', () => {
  test('reaches its actor with who, why and how long to wait', async () => {
    const answer = await post('path/00001/1', release);
    expect([answer.statusCode, answer.json()]).toEqual([202, it.inspector.nextPost]);
    expect(it.inspector.posted).toEqual([
      {
        id: 'path/00001/1',
        event: { type: 'operator.release', to: 'n2' },
        operator: { by: 'alice', reason: 'test' },
        waitMs: 500,
      },
    ]);
  });

  test('that is not accepted now is 409 and says what would be', async () => {
    it.inspector.nextPost = { accepted: false, state: 'unlocked.idle', accepts: ['operator.start'] };
    const answer = await post('path/00001/1', release);
    expect([answer.statusCode, answer.json()]).toEqual([409, it.inspector.nextPost]);
  });

  test.each([
    [{ type: 'operator.maintain' }, 202],
    [{ type: 'operator.maintain', node: 'n2', forMs: 60_000 }, 202],
    [{ type: 'operator.endMaintenance', node: 'n2' }, 202],
    [{ type: 'operator.maintain', node: '*' }, 400],
    [{ type: 'operator.maintain', forMs: 0 }, 400],
    [{ type: 'operator.endMaintenance', forMs: 60_000 }, 400],
  ])('of maintenance is checked: %j', async (event, status) => {
    expect((await post('node', { ...event, by: 'alice', reason: 'new switch' })).statusCode).toBe(status);
  });

  test.each([
    [{ kind: 'rbd', pool: 'rbd', image: 'image-00001' }, 202],
    [{ kind: 'rbd', pool: 'rbd', namespace: 'apart', image: 'image-00001' }, 202],
    [{ kind: 'block', path: '/dev/mapper/mpatha' }, 202],
    [{ kind: 'lvm', group: 'shared', volume: 'one' }, 202],
    [{ kind: 'rbd', image: 'image-00001' }, 400],
    [{ kind: 'rbd', pool: 'rbd', image: 'one@monday' }, 400],
    [{ kind: 'rbd', pool: 'rbd/apart', image: 'one' }, 400],
    [{ kind: 'rbd', pool: 'rbd', image: 'one,bstype=null' }, 400],
    [{ kind: 'rbd', pool: 'rbd', image: '-p' }, 400],
    [{ kind: 'rbd', pool: 'rbd', image: 'one', conf: '/etc/ceph/ceph.conf' }, 400],
    [{ kind: 'block', path: '/srv/one.img' }, 400],
    [{ kind: 'block', path: '/dev/a,b' }, 400],
    [{ kind: 'lvm', group: 'shared', volume: '../one' }, 400],
    [{ kind: 'tape' }, 400],
  ])('of a disk with its bytes in %j is answered by %i', async (backstore, status) => {
    const add = { type: 'operator.add', spec: { ...spec, backstore }, by: 'alice', reason: 'new disk' };
    expect((await post('disk/00007', add)).statusCode).toBe(status);
  });

  test('for an actor that does not exist is 404, except adding a disk', async () => {
    expect((await post('path/00001/99', release)).statusCode).toBe(404);
    const add = { type: 'operator.add', spec, by: 'alice', reason: 'new disk' };
    expect((await post('disk/00007', add)).statusCode).toBe(202);
    expect((await post('disk/..', add)).statusCode).toBe(404);
    expect((await post('path/00007/1', add)).statusCode).toBe(404);
  });

  test('without the right token is 401 before its body is looked at', async () => {
    for (const headers of [{}, { authorization: 'Bearer wrong' }, { authorization: `Basic ${token}` }]) {
      const answer = await post('path/00001/1', { nonsense: true }, headers);
      expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_AUTHORISED']);
    }
    expect(it.inspector.posted).toEqual([]);
  });

  test('is refused altogether when no token is configured', async () => {
    const closed = harness({}, null);
    const answer = await closed.app.inject({
      method: 'POST',
      url: '/v1/actors/node/events',
      headers: authorised,
      payload: { type: 'operator.drain', node: 'n2', by: 'a', reason: 'b' },
    });
    expect([answer.statusCode, answer.json().code]).toEqual([401, 'NOT_AUTHORISED']);
    await closed.app.close();
  });

  test.each(['xstate.init', 'xstate.stop', 'lock.granted', 'operator.', 'operator.unheardOf', '', 7, null])(
    'cannot be of type %j',
    async (type) => {
      const answer = await post('path/00001/1', { type, by: 'alice', reason: 'test' });
      expect([answer.statusCode, answer.json().code]).toEqual([400, 'REQUEST_INVALID']);
      expect(answer.json().facts.mistakes[0].key).toBe('type');
      expect(it.inspector.posted).toEqual([]);
    },
  );

  test('with mistakes is told all of them at once, by key', async () => {
    const body = {
      type: 'operator.add',
      by: '',
      extra: 1,
      waitMs: -1,
      spec: { ...spec, wwn: 'x', desired: 'maybe', paths: [{ index: 0, ip: 'nowhere', prefix: 300, interface: '' }] },
    };
    const answer = await post('disk/00007', body);
    expect(answer.statusCode).toBe(400);
    const keys = answer.json().facts.mistakes.map((each: { key: string }) => each.key);
    expect(new Set(keys)).toEqual(
      new Set([
        'reason', 'by', 'extra', 'waitMs', 'spec.wwn', 'spec.desired',
        'spec.paths.0.index', 'spec.paths.0.ip', 'spec.paths.0.prefix', 'spec.paths.0.interface',
      ]),
    );
    expect(answer.json().facts.mistakes).toContainEqual({ key: 'reason', reason: 'is missing' });
    expect(answer.json().facts.mistakes).toContainEqual({ key: 'spec.desired', reason: 'must be started or stopped' });
  });

  test('must be JSON, and small', async () => {
    for (const [type, status] of [
      ['text/plain', 415],
      ['application/x-www-form-urlencoded', 415],
      ['application/json', 400],
    ] as const) {
      const answer = await it.app.inject({
        method: 'POST',
        url: '/v1/actors/node/events',
        headers: { ...authorised, 'content-type': type },
        payload: 'type=operator.drain',
      });
      expect([answer.statusCode, answer.json().code]).toEqual([status, 'REQUEST_INVALID']);
    }
    const large = await post('node', { type: 'operator.drain', node: 'n2', by: 'a', reason: 'x'.repeat(70_000) });
    expect([large.statusCode, large.json().code]).toEqual([413, 'REQUEST_INVALID']);
  });
});
