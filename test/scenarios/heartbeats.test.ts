// A node that the majority does not hear is excluded at once; a minority never excludes anybody.
import { describe, expect, it } from 'vitest';
import { memoryJournal } from '../../adapters/journal/memory.ts';
import { eventsOf, peered, type PeeredCluster } from './peered.ts';

const five = ['n1', 'n2', 'n3', 'n4', 'n5'];
const missedBy = (cluster: PeeredCluster) => [...cluster.nodes.values()].flatMap((node) =>
  eventsOf(node, 'peer.missed'));

describe('a host that dies', () => {
  it('is excluded by one of the others after a second, long before Consul would end its session', async () => {
    const cluster = await peered();
    const session = cluster.sessionOf('n1');
    await cluster.kill('n1', 'host');
    await cluster.until(() => !cluster.store.state.sessions.has(session), 1_800);
    const said = missedBy(cluster);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ node: 'n1', session, by: ['n2', 'n3'] });
    await cluster.until(() => cluster.allServed(), 60_000);
  });

  it('is excluded within a heartbeat of the time at which it counts as missed', async () => {
    const cluster = await peered();
    const session = cluster.sessionOf('n1');
    await cluster.kill('n1', 'host');
    await cluster.until(() => !cluster.store.state.sessions.has(session), 1_050);
  });

  it.each([700, 800, 900, 1_000])('is excluded as soon as Consul has a leader again: %i ms', async (leaderlessMs) => {
    const cluster = await peered();
    const session = cluster.sessionOf('n1');
    await cluster.kill('n1', 'host');
    await cluster.pass(900);
    cluster.loseQuorum();
    await cluster.pass(leaderlessMs);
    cluster.regainQuorum();
    await cluster.until(() => !cluster.store.state.sessions.has(session), 220);
  });

  it('is left to Consul where heartbeats only observe', async () => {
    const cluster = await peered({ exclude: false });
    const session = cluster.sessionOf('n1');
    await cluster.kill('n1', 'host');
    await cluster.pass(5_000);
    expect(cluster.store.state.sessions.has(session)).toBe(true);
    expect(cluster.node('n2').daemon.peers?.heardMs('n1')).toBeGreaterThan(4_000);
  });

  it('is left to Consul while it is under maintenance', async () => {
    const cluster = await peered();
    await cluster.put('maintenance/n1', JSON.stringify({ by: 'ada', reason: 'an upgrade', at: 0 }));
    await cluster.pass(500);
    await cluster.kill('n1', 'daemon');
    await cluster.pass(5_000);
    expect(missedBy(cluster)).toEqual([]);
  });

  it('is left to Consul where there are only two nodes', async () => {
    const cluster = await peered({}, ['n1', 'n2']);
    await cluster.kill('n1', 'host');
    await cluster.pass(5_000);
    expect(missedBy(cluster)).toEqual([]);
  });
});

describe('a daemon that is restarted', () => {
  it('is missed by nobody while it is away, and loses nothing', async () => {
    const cluster = await peered();
    const before = cluster.pathsOf('n1');
    const { daemon, journal } = cluster.node('n1');
    const stopped = daemon.stop('keep', 0);
    await cluster.pass(5_000);
    await stopped;
    await cluster.start('n1', memoryJournal({ image: journal.image }));
    await cluster.pass(5_000);
    expect(missedBy(cluster)).toEqual([]);
    expect(cluster.pathsOf('n1')).toEqual(before);
  });

  it('is heard, and missed again, as soon as it is back', async () => {
    const cluster = await peered();
    await cluster.restart('n1');
    await cluster.pass(3_000);
    expect(cluster.node('n2').daemon.peers?.heardMs('n1')).toBeLessThan(300);
    await cluster.kill('n1', 'host');
    await cluster.until(() => missedBy(cluster).length > 0, 2_000);
  });
});

describe('a minority', () => {
  it('excludes nobody: two nodes that do not hear each other', async () => {
    const cluster = await peered();
    cluster.cutPeers('n1', 'n2');
    await cluster.pass(30_000);
    expect(missedBy(cluster)).toEqual([]);
  });

  it('excludes nobody: two of five that hear only each other', async () => {
    const cluster = await peered({}, five);
    for (const one of ['n1', 'n2']) cluster.cutPeers(one, 'n3', 'n4', 'n5');
    const sessions = five.map((name) => cluster.sessionOf(name));
    await cluster.until(() => missedBy(cluster).length >= 2, 3_000);
    await cluster.pass(500);
    const said = missedBy(cluster).map((event) => String(Reflect.get(event, 'session')));
    expect(said.filter((session) => sessions.indexOf(session) > 1)).toEqual([]);
  });

  it('excludes nobody by questions that are heard while the answers are lost', async () => {
    const cluster = await peered();
    cluster.cut.add('n1 n2');
    await cluster.pass(30_000);
    expect(missedBy(cluster)).toEqual([]);
  });
});

describe('a node that its peers do not hear although it lives', () => {
  it('is excluded once: in its next incarnation nobody has heard it, and nobody misses it', async () => {
    const cluster = await peered();
    cluster.cutPeers('n1', 'n2', 'n3');
    await cluster.until(() => missedBy(cluster).length > 0, 3_000);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined' && cluster.allServed(), 30_000);
    await cluster.pass(30_000);
    expect(missedBy(cluster)).toHaveLength(1);
    expect(cluster.allServed()).toBe(true);
  });

  it('has never been heard since it joined, and so is missed by nobody', async () => {
    const cluster = await peered();
    cluster.cutPeers('n4', 'n1', 'n2', 'n3');
    await cluster.start('n4');
    await cluster.pass(30_000);
    expect(missedBy(cluster)).toEqual([]);
  });
});
