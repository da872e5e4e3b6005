// Without Consul a node goes on serving while every other one vouches for it, and no longer.
import { describe, expect, it } from 'vitest';
import { inspectorOf } from '../../src/daemon/inspector.ts';
import { boundMs, eventsOf, peered, PeeredCluster } from './peered.ts';

const names = ['n1', 'n2', 'n3'];
const serving = (cluster: PeeredCluster, name: string): boolean => cluster.pathsOf(name).length > 0;

describe('Consul has lost its quorum, and every node is healthy', () => {
  it('interrupts nothing for ten minutes, and nothing when it is back', async () => {
    const cluster = await peered();
    const before = names.map((name) => cluster.pathsOf(name));
    cluster.loseQuorum();
    for (let minute = 0; minute < 10; minute += 1) {
      await cluster.pass(60_000);
      expect(names.map((name) => cluster.pathsOf(name))).toEqual(before);
    }
    cluster.regainQuorum();
    await cluster.pass(20_000);
    expect(names.map((name) => cluster.pathsOf(name))).toEqual(before);
  });

  it('is written into the journal of every node when it begins and when it ends', async () => {
    const cluster = await peered();
    cluster.loseQuorum();
    await cluster.pass(10_000);
    const n1 = cluster.node('n1');
    expect(eventsOf(n1, 'failsafe.entered')).toEqual([{ type: 'failsafe.entered', peers: ['n2', 'n3'] }]);
    expect(inspectorOf(n1.daemon).health().notes).toEqual(['failsafe: Consul is away, and n2, n3 vouch for this node']);
    cluster.regainQuorum();
    await cluster.pass(5_000);
    expect(eventsOf(n1, 'failsafe.left')).toHaveLength(1);
    expect(inspectorOf(n1.daemon).health().notes).toBeUndefined();
  });

  it('stops every node by its deadline when one of them does not answer', async () => {
    const cluster = await peered();
    cluster.loseQuorum();
    await cluster.pass(30_000);
    await cluster.kill('n3', 'host');
    await cluster.until(() => !serving(cluster, 'n1') && !serving(cluster, 'n2'), 8_500);
    expect(eventsOf(cluster.node('n1'), 'lease.expired')).toEqual([
      { type: 'lease.expired', reason: 'no contact with Consul for 8000 ms, and n3 does not answer' },
    ]);
  });

  it('stops every node when one of them cannot be asked', async () => {
    const cluster = new PeeredCluster();
    cluster.unpeer('n3');
    await peered({}, names, cluster);
    cluster.loseQuorum();
    await cluster.until(() => names.every((name) => !serving(cluster, name)), 9_000);
  });

  it('stops every node where failsafe is off', async () => {
    const cluster = await peered({ failsafe: false });
    cluster.loseQuorum();
    await cluster.until(() => names.every((name) => !serving(cluster, name)), 9_000);
  });

  it('stops a node that has no other to ask', async () => {
    const cluster = await peered({}, ['n1']);
    cluster.loseQuorum();
    await cluster.until(() => !serving(cluster, 'n1'), 9_000);
  });

  it('stops the others when a daemon starts anew: it has not read Consul, and vouches for nobody', async () => {
    const cluster = await peered();
    cluster.loseQuorum();
    await cluster.pass(30_000);
    await cluster.restart('n3', true);
    await cluster.until(() => names.every((name) => !serving(cluster, name)), 9_000);
  });
});

describe('a node that alone is cut off from Consul', () => {
  it('stops by its deadline: its peers reach Consul and object', async () => {
    const cluster = await peered();
    cluster.node('n1').cutOff = true;
    await cluster.until(() => !serving(cluster, 'n1'), 9_000);
    expect(eventsOf(cluster.node('n1'), 'lease.expired')).toEqual([
      { type: 'lease.expired', reason: 'no contact with Consul for 8000 ms, and n2 objects: it reaches Consul' },
    ]);
    await cluster.until(() => cluster.allServed(), 60_000);
  });
});

describe('a session that ended while nobody could see it', () => {
  it('is not vouched for by who has seen it lost, and its paths are taken after it stood still', async () => {
    const cluster = await peered();
    const session = cluster.sessionOf('n1');
    for (const name of names) cluster.node(name).cutOff = true;
    await cluster.pass(15_000);
    expect(serving(cluster, 'n1')).toBe(true);
    cluster.endSession(session);
    cluster.node('n2').cutOff = false;
    await cluster.pass(1_000);
    // It sees no more than this: by now its contact is as old as that of the others.
    cluster.node('n2').cutOff = true;
    await cluster.until(() => !serving(cluster, 'n1'), 9_000);
    for (const name of ['n2', 'n3']) cluster.node(name).cutOff = false;
    await cluster.until(() => cluster.allServed(), 60_000);
    expect(cluster.pathsOf('n1')).toEqual([]);
  });

  it('proves nothing by time to a node that joined later: it is not asked', async () => {
    const cluster = await peered({ exclude: false });
    const before = names.map((name) => cluster.pathsOf(name));
    for (const name of names) cluster.node(name).cutOff = true;
    await cluster.pass(20_000);
    const sessions = names.map((name) => cluster.sessionOf(name));
    for (const session of sessions) cluster.endSession(session);
    await cluster.start('n4');
    await cluster.pass(3 * boundMs);
    expect(names.map((name) => cluster.pathsOf(name))).toEqual(before);
    expect(cluster.pathsOf('n4')).toEqual([]);
    const n4 = cluster.node('n4');
    expect(sessions.map((session) => n4.daemon.view.exclusions.get(session)?.value.evidence)).toContain(
      'leaseBound of 15000 ms proves nothing about n1: it may go on without Consul, and does not ask this node',
    );
  });
});

describe('the record of a node', () => {
  it('names the sessions that it asks before it goes on without Consul', async () => {
    const cluster = await peered();
    const view = await cluster.view();
    const asks = view.nodes.get('n1')?.record.asks?.toSorted();
    expect(asks).toEqual([cluster.sessionOf('n2'), cluster.sessionOf('n3')].toSorted());
  });
});
