// A daemon that starts finds a node that serves: it adopts what is ours by lock, and interrupts nothing of it.
import { describe, expect, it } from 'vitest';
import { memoryJournal } from '../../adapters/journal/memory.ts';
import { adoptedAll, askedBy, backupOf, disturbing, fewNodes, foreign, plantForeign } from './adoption.ts';

/** A new state directory: another instance, an empty journal. */
const reinstalled = { instance: 'a new one' };

const rebooted = { bootId: 'another boot', place: 'another place' };

describe('a reinstalled daemon, whose state directory was wiped while its paths were served', () => {
  it('takes its living session from Consul and adopts every path without an interruption', async () => {
    const cluster = await fewNodes();
    const session = cluster.sessionOf('n1');
    const before = cluster.pathsOf('n1');
    await cluster.kill('n1', 'daemon');
    const node = await cluster.start('n1', memoryJournal(), false, reinstalled);
    for (let passed = 0; passed < 5_000; passed += 500) {
      await cluster.pass(500);
      expect(cluster.pathsOf('n1')).toEqual(before);
    }
    await adoptedAll(cluster, 'n1', before);
    expect(disturbing(node)).toEqual([]);
    expect(cluster.sessionOf('n1')).toBe(session);
  });

  it('is refused while the other daemon of its name may live elsewhere', async () => {
    const cluster = await fewNodes();
    const before = cluster.pathsOf('n1');
    for (const place of [{ place: 'another network namespace' }, rebooted]) {
      await cluster.kill('n1', 'daemon');
      const node = await cluster.start('n1', memoryJournal(), false, { ...reinstalled, ...place });
      await cluster.until(() => node.refused !== null, 2_000);
      expect(node.refused).toContain('another daemon');
      await cluster.pass(1_000);
      expect(cluster.pathsOf('n1')).toEqual(before);
      expect(disturbing(node)).toEqual([]);
    }
  });

  it('goes on when its session has ended: it tears its own leftovers down, proves that, and joins anew', async () => {
    const cluster = await fewNodes();
    plantForeign(cluster, 'n1');
    const { session } = await cluster.lose('n1', 'daemon');
    await cluster.start('n1', memoryJournal(), false, reinstalled);
    await cluster.until(() => cluster.node('n1').daemon.view.exclusions.get(session)?.value.state === 'proven', 10_000);
    expect(cluster.node('n1').daemon.view.exclusions.get(session)?.value.method).toBe('self');
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(foreign(cluster, 'n1')).toEqual(foreign.planted);
  });

  it('does nothing while Consul cannot be read, and gives up what it then knows of when its lease has passed',
    async () => {
      const cluster = await fewNodes();
      const before = cluster.pathsOf('n1');
      await cluster.kill('n1', 'daemon');
      await cluster.start('n1', memoryJournal(), true, reinstalled);
      await cluster.pass(7_900);
      expect(cluster.pathsOf('n1')).toEqual(before);
      // At once: the next regular look of the node may be a second away.
      await cluster.pass(200);
      expect(cluster.pathsOf('n1')).toEqual([]);
    });
});

describe('a journal that was lost or set aside, with its state directory still there', () => {
  it('costs no interruption', async () => {
    const cluster = await fewNodes();
    const before = cluster.pathsOf('n1');
    await cluster.kill('n1', 'daemon');
    const node = await cluster.start('n1');
    await cluster.pass(5_000);
    expect(cluster.pathsOf('n1')).toEqual(before);
    await adoptedAll(cluster, 'n1', before);
    expect(disturbing(node)).toEqual([]);
  });

  it('costs none either when the node cannot be read at first', async () => {
    const cluster = await fewNodes();
    const before = cluster.pathsOf('n1');
    await cluster.kill('n1', 'daemon');
    const node = await cluster.start('n1');
    const looks = ['target.observe', 'address.observe'];
    for (const verb of looks) node.faults.always(verb, { kind: 'unknown', reason: '?' });
    await cluster.pass(6_000);
    expect(cluster.pathsOf('n1')).toEqual(before);
    for (const verb of looks) node.faults.always(verb, null);
    await adoptedAll(cluster, 'n1', before);
    expect(disturbing(node)).toEqual([]);
  });

  it('leaves alone what is not ours', async () => {
    const cluster = await fewNodes();
    plantForeign(cluster, 'n1');
    await cluster.kill('n1', 'daemon');
    const node = await cluster.start('n1');
    await cluster.pass(5_000);
    expect(foreign(cluster, 'n1')).toEqual(foreign.planted);
    expect(disturbing(node)).toEqual([]);
  });
});

describe('a journal that is damaged', () => {
  it('is set aside, and costs no interruption', async () => {
    const cluster = await fewNodes();
    const before = cluster.pathsOf('n1');
    const journal = await cluster.kill('n1', 'daemon');
    const { records } = journal.image;
    records.splice(0, records.length, ...records.map((row) => row.with(5, '{') as unknown as typeof row));
    const node = await cluster.start('n1', journal);
    await cluster.pass(5_000);
    expect(journal.image.asides).toHaveLength(1);
    expect(cluster.pathsOf('n1')).toEqual(before);
    await adoptedAll(cluster, 'n1', before);
    expect(disturbing(node)).toEqual([]);
  });
});

describe('a session that was lost while the daemon was away', () => {
  it('ends the service of what it held, is proven by its node, and what is not ours stays', async () => {
    const cluster = await fewNodes();
    plantForeign(cluster, 'n1');
    const { session, journal } = await cluster.lose('n1', 'daemon');
    await cluster.start('n1', journal);
    await cluster.until(() => cluster.pathsOf('n1').length === 0, 2_000);
    await cluster.until(() => cluster.allServed(), 20_000);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ state: 'proven', method: 'self' });
    expect(foreign(cluster, 'n1')).toEqual(foreign.planted);
  });
});

describe('a journal that is older than what the node serves', () => {
  it('of a time when nothing was served: all is adopted', async () => {
    const cluster = await fewNodes({ disks: 0 });
    const backup = backupOf(cluster.node('n1'));
    await cluster.addDisk('d1', ['10.0.1.1', '10.0.1.2']);
    await cluster.addDisk('d2', ['10.0.2.1', '10.0.2.2']);
    await cluster.until(() => cluster.allServed(), 10_000);
    const before = cluster.pathsOf('n1');
    await cluster.kill('n1', 'daemon');
    const node = await cluster.start('n1', backup);
    await cluster.pass(5_000);
    expect(cluster.pathsOf('n1')).toEqual(before);
    await adoptedAll(cluster, 'n1', before);
    expect(disturbing(node)).toEqual([]);
  });

  it('of an earlier session and earlier epochs: the living session and its locks count', async () => {
    const cluster = await fewNodes();
    const backup = backupOf(cluster.node('n1'));
    const old = cluster.sessionOf('n1');
    cluster.endSession(old);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined' && cluster.sessionOf('n1') !== old, 20_000);
    await cluster.until(() => cluster.allServed(), 20_000);
    await cluster.put('drains/n2', JSON.stringify({ by: 'ada', reason: 'test', at: 0 }));
    await cluster.until(() => cluster.pathsOf('n1').length === 4, 20_000);
    const session = cluster.sessionOf('n1');
    await cluster.kill('n1', 'daemon');
    const node = await cluster.start('n1', backup);
    for (let passed = 0; passed < 5_000; passed += 500) {
      await cluster.pass(500);
      expect(cluster.pathsOf('n1')).toHaveLength(4);
    }
    await adoptedAll(cluster, 'n1', cluster.pathsOf('n1'));
    expect(disturbing(node)).toEqual([]);
    expect(cluster.sessionOf('n1')).toBe(session);
  });

  it('proves nothing of its last session while a disk that it does not know is still served', async () => {
    const cluster = await fewNodes({ disks: 0, names: ['n1'] });
    const backup = backupOf(cluster.node('n1'));
    await cluster.addDisk('d1', ['10.0.1.1']);
    await cluster.until(() => cluster.allServed(), 10_000);
    const { session } = await cluster.lose('n1', 'daemon');
    await cluster.start('n1', backup);
    const isProven = () => cluster.node('n1').daemon.view.exclusions.get(session)?.value.state === 'proven';
    await cluster.until(() => {
      expect(isProven() && cluster.servers('d1/1').length > 0 && lockIsFree()).toBe(false);
      return isProven();
    }, 10_000);
    await cluster.until(() => cluster.allServed(), 10_000);

    function lockIsFree(): boolean {
      return (cluster.node('n1').daemon.view.locks.get('d1/1')?.holder ?? null) === null;
    }
  });
});

describe('a host that was started anew', () => {
  it('proves that nothing of its last session is served, and takes paths again with a new one', async () => {
    const cluster = await fewNodes();
    const { session, journal } = await cluster.lose('n1', 'host');
    const node = await cluster.start('n1', journal, false, rebooted);
    await cluster.until(() => cluster.stateOf('n1', 'node') === 'joined', 10_000);
    expect(cluster.sessionOf('n1')).not.toBe(session);
    await cluster.until(() => cluster.allServed(), 20_000);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ method: 'self', by: 'n1' });
    expect(askedBy(node)).toContain('exclusion.prove');
  });

  it('waits for the end of a session that still lives: it may be that of a copy of this host', async () => {
    const cluster = await fewNodes();
    const session = cluster.sessionOf('n1');
    const journal = await cluster.kill('n1', 'host');
    const node = await cluster.start('n1', journal, false, rebooted);
    await cluster.pass(15_000);
    expect(cluster.stateOf('n1', 'node')).not.toBe('joined');
    expect((await cluster.view()).exclusions.has(session)).toBe(false);
    expect(askedBy(node)).not.toContain('lock.release');
    cluster.endSession(session);
    await cluster.until(() => cluster.allServed(), 30_000);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ method: 'self' });
  });
});

describe('a copy of a node that runs while the node does', () => {
  it('never takes over the session of the one that lives, nor its paths', async () => {
    const cluster = await fewNodes();
    const session = cluster.sessionOf('n1');
    const original = cluster.node('n1');
    const before = cluster.pathsOf('n1');
    const copy = await cluster.start('n1', backupOf(original), false,
      { bootId: 'boot of the copy', place: 'place of the copy', host: 'copy' });
    await cluster.pass(20_000);
    expect(original.daemon.engine.registry.ensure('node').snapshot.value).toBe('joined');
    expect(cluster.pathsOf('n1')).toEqual(before);
    expect((await cluster.view()).nodes.get('n1')?.session).toBe(session);
    expect(askedBy(copy)).not.toContain('lock.release');
  });
});
