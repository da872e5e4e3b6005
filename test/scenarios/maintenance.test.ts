// Maintenance: nobody is fenced, nothing is taken whose last owner may still write, and all else goes on.
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../../machines/intent.ts';
import { inspectorOf } from '../../src/daemon/inspector.ts';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import { summarise } from '../../src/daemon/summary.ts';
import type { FencePort } from '../../src/ports/dataplane.ts';
import { done, refused, type Outcome } from '../../src/ports/outcome.ts';
import { Cluster, type Node } from './cluster.ts';

/** Fences by switching the host off, after the owner had a second to prove it itself. */
class Powered extends Cluster {
  /** Whom a fence command was begun against, in order. */
  readonly fenced: string[] = [];
  fenceTakesMs = 200;
  fenceFails = false;

  constructor() {
    super([
      { method: 'self', waitMs: 1_000 },
      { method: 'command', position: 1 },
      { method: 'command', position: 2 },
    ]);
  }

  protected override partsOf(_node: Node, parts: DaemonParts): DaemonParts {
    const fence: FencePort = {
      fence: ({ node }) => {
        this.fenced.push(node);
        return new Promise<Outcome<{ evidence: string }>>((resolve) => {
          this.clock.after(this.fenceTakesMs, () => {
            if (this.fenceFails) return resolve(refused('the agent says: no'));
            this.network.crash(node);
            resolve(done({ evidence: `${node} is off` }));
          });
        });
      },
    };
    return {
      ...parts,
      fences: [undefined, fence, fence],
      settings: { ...parts.settings, fenceDeadlinesMs: [0, 5_000, 5_000] },
    };
  }

  /** An operator asks any node that is there. */
  async ask(type: string, fields: object = {}): Promise<void> {
    const [node] = this.nodes.values();
    const event = { type, by: 'ada', reason: 'new switch', ...fields } as DomainEvent;
    node?.daemon.tell('node', event, { kind: 'operator', by: 'ada', reason: 'new switch' });
    await this.pass(500);
  }

  /** What the path waits for, as this node says it. */
  waits(name: string, path: string): string | null {
    const [disk, index] = path.split('/');
    const found = summarise(this.node(name).daemon).disks.find((each) => each.disk === disk);
    return found?.paths.find((each) => String(each.index) === index)?.waits ?? null;
  }
}

async function threeNodes(): Promise<Powered> {
  const cluster = new Powered();
  for (const name of ['n1', 'n2', 'n3']) await cluster.start(name);
  for (const disk of [1, 2, 3]) {
    await cluster.addDisk(`d${String(disk)}`, [1, 2].map((index) => `10.0.${String(disk)}.${String(index)}`));
  }
  await cluster.until(() => cluster.allServed(), 10_000);
  return cluster;
}

const longMs = 60_000;

describe('in maintenance of the cluster', () => {
  it('a host that dies is not fenced, its paths are taken by nobody, and each says why', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain');
    const orphans = cluster.pathsOf('n1');
    await cluster.lose('n1', 'host');
    await cluster.pass(longMs);
    expect(cluster.fenced).toEqual([]);
    expect(orphans.flatMap((path) => cluster.servers(path))).toEqual([]);
    for (const path of orphans) {
      expect(cluster.waits('n2', path)).toMatch(
        /^maintenance of the cluster by ada since .*: new switch\. n1 may still write .*pathwarden maintenance off$/,
      );
    }
    const explanation = inspectorOf(cluster.node('n2').daemon).explain(`path/${orphans[0] ?? ''}`);
    expect((await explanation)?.waits).toBe(cluster.waits('n2', orphans[0] ?? ''));
    const free = [...(await cluster.view()).locks.values()].filter(({ holder }) => holder === null);
    expect(free).toHaveLength(orphans.length);
  });

  it('all of it goes on at once when maintenance ends, and only after proof', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain');
    const { session } = await cluster.lose('n1', 'host');
    await cluster.pass(longMs);
    await cluster.ask('operator.endMaintenance');
    const tookMs = await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.fenced).toEqual(['n1']);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ state: 'proven', method: 'command' });
    // The second that its own proof is waited for, the fence, and the take-over: no lock-delay is waited for again.
    expect(tookMs).toBeLessThan(2_500);
  });

  it('ends by itself when it was begun for a time, and not before', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain', { forMs: 30_000 });
    await cluster.lose('n1', 'host');
    await cluster.pass(28_000);
    expect(cluster.fenced).toEqual([]);
    await cluster.until(() => cluster.allServed(), 10_000);
    expect((await cluster.view()).maintenance.size).toBe(0);
  });

  it('what was begun anew for longer is not ended by the first time', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain', { forMs: 10_000 });
    await cluster.pass(5_000);
    await cluster.ask('operator.maintain', { forMs: 40_000 });
    await cluster.pass(20_000);
    expect((await cluster.view()).maintenance.size).toBe(1);
  });

  it('a path that was given back in order is taken, and a drain works', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain');
    await cluster.ask('operator.drain', { node: 'n2' });
    await cluster.until(() => cluster.pathsOf('n2').length === 0 && cluster.allServed(), 10_000);
  });

  it('a node that loses its session proves its own teardown, and its paths are taken', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain');
    const session = cluster.sessionOf('n1');
    cluster.endSession(session);
    await cluster.until(() => cluster.pathsOf('n1').length === 0, 5_000);
    await cluster.until(() => cluster.allServed(), 30_000);
    expect(cluster.fenced).toEqual([]);
    expect((await cluster.view()).exclusions.get(session)?.value).toMatchObject({ method: 'self' });
  });

  it('a node that is cut off stops serving by its own deadline as ever', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain');
    cluster.node('n3').cutOff = true;
    await cluster.pass(9_000);
    expect(cluster.pathsOf('n3')).toEqual([]);
  });

  it('an operator’s word is taken as ever', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain');
    await cluster.lose('n3', 'host');
    await cluster.pass(5_000);
    await cluster.ask('operator.confirmDown', { node: 'n3' });
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.fenced).toEqual([]);
  });
});

describe('maintenance that begins while a node is being excluded', () => {
  it('lets the command that runs end, and takes its proof', async () => {
    const cluster = await threeNodes();
    cluster.fenceTakesMs = 3_000;
    await cluster.lose('n3', 'host');
    await cluster.until(() => cluster.fenced.length === 1, 5_000);
    await cluster.ask('operator.maintain');
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.fenced).toEqual(['n3']);
  });

  it('begins no next method when that command fails', async () => {
    const cluster = await threeNodes();
    Object.assign(cluster, { fenceTakesMs: 3_000, fenceFails: true });
    const { session } = await cluster.lose('n3', 'host');
    await cluster.until(() => cluster.fenced.length === 1, 5_000);
    await cluster.ask('operator.maintain');
    await cluster.pass(longMs);
    expect(cluster.fenced).toEqual(['n3']);
    const states = ['n1', 'n2'].map((name) => cluster.stateOf(name, `exclusion/${session}`));
    expect(states).toContain('paused');
    cluster.fenceFails = false;
    await cluster.ask('operator.endMaintenance');
    await cluster.until(() => cluster.allServed(), 10_000);
  });

  it('holds for a daemon that was started anew in the middle of it, too', async () => {
    const cluster = await threeNodes();
    Object.assign(cluster, { fenceTakesMs: 4_000, fenceFails: true });
    const { session } = await cluster.lose('n3', 'host');
    await cluster.until(() => cluster.fenced.length === 1, 5_000);
    await cluster.ask('operator.maintain');
    const fencer = ['n1', 'n2'].find((name) => cluster.stateOf(name, `exclusion/${session}`) === 'fencing') ?? '';
    const stopped = cluster.restart(fencer);
    await cluster.pass(4_000);
    await stopped;
    await cluster.pass(longMs);
    expect(cluster.fenced).toEqual(['n3']);
  });
});

describe('in maintenance of one node', () => {
  it('the node serves what it serves, takes nothing, and is not fenced when it dies', async () => {
    const cluster = await threeNodes();
    const before = cluster.pathsOf('n3');
    await cluster.ask('operator.maintain', { node: 'n3' });
    await cluster.ask('operator.drain', { node: 'n2' });
    await cluster.until(() => cluster.pathsOf('n2').length === 0 && cluster.allServed(), 10_000);
    expect(cluster.pathsOf('n3')).toEqual(before);
    await cluster.lose('n3', 'host');
    await cluster.pass(longMs);
    expect(cluster.fenced).toEqual([]);
    expect(before.map((path) => cluster.waits('n1', path))).toEqual(before.map(() =>
      expect.stringMatching(/^maintenance of node n3 by ada .*pathwarden maintenance off --node n3$/)));
    await cluster.ask('operator.undrain', { node: 'n2' });
    await cluster.ask('operator.endMaintenance', { node: 'n3' });
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.fenced).toEqual(['n3']);
  });

  it('any other that dies is fenced and its paths are taken', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain', { node: 'n2' });
    await cluster.lose('n3', 'host');
    await cluster.until(() => cluster.allServed(), 10_000);
    expect(cluster.fenced).toEqual(['n3']);
    expect(cluster.pathsOf('n2')).toHaveLength(2);
  });

  it('a node that was rebooted proves that it serves nothing, and its paths are taken by others', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain', { node: 'n3' });
    const { journal } = await cluster.lose('n3', 'host');
    await cluster.pass(20_000);
    await cluster.start('n3', journal, false, { bootId: 'another boot' });
    await cluster.until(() => cluster.allServed(), 10_000);
    expect({ fenced: cluster.fenced, taken: cluster.pathsOf('n3') }).toEqual({ fenced: [], taken: [] });
  });

  it('of every node that could take it, a free path says so', async () => {
    const cluster = await threeNodes();
    for (const node of ['n1', 'n2', 'n3']) await cluster.ask('operator.maintain', { node });
    await cluster.addDisk('d4', ['10.0.4.1']);
    await cluster.pass(5_000);
    expect(cluster.waits('n1', 'd4/1')).toMatch(/^maintenance of node n1 .* No other node may take the path/);
  });

  it('is refused for a node that there is not', async () => {
    const cluster = await threeNodes();
    await cluster.ask('operator.maintain', { node: 'n7' });
    expect((await cluster.view()).maintenance.size).toBe(0);
    expect(cluster.node('n1').records.some(({ event }) => event.type === 'maintenance.writeRefused')).toBe(true);
  });
});
