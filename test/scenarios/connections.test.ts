// Who is connected to a path is written down, and woken up by whoever takes the path over.
import { describe, expect, it } from 'vitest';
import { keys } from '../../src/core/records.ts';
import { fewNodes } from './adoption.ts';
import type { Cluster } from './cluster.ts';

const path = 'd1/1';
const ip = '10.0.1.1';
const initiator = { ip: '10.9.0.2', port: 40_001 };

const written = async (cluster: Cluster, node: string): Promise<string | null> =>
  (await cluster.view()).connections.get(node) ?? null;

async function connected() {
  const cluster = await fewNodes();
  const [owner = ''] = cluster.servers(path);
  const host = cluster.network.host(owner);
  host.connections.push({ portal: { ip, port: 3_260 }, peer: initiator });
  host.connections.push({ portal: { ip: '10.0.9.9', port: 3_260 }, peer: { ip: '10.9.0.3', port: 1 } });
  await cluster.pass(12_000);
  return { cluster, owner, host, taker: cluster.network.host(owner === 'n1' ? 'n2' : 'n1') };
}

describe('an initiator that is connected to a path', () => {
  it('is written down, once, with the path and without those of others', async () => {
    const { cluster, owner } = await connected();
    expect(await written(cluster, owner)).toBe('{"d1/1":["10.9.0.2 40001"]}');
    const { problems, index } = await cluster.view();
    expect(problems).toEqual([]);
    await cluster.pass(12_000);
    expect((await cluster.view()).index).toBe(index);
  });

  it('is written off when it has gone', async () => {
    const { cluster, owner, host } = await connected();
    host.connections.length = 0;
    await cluster.pass(12_000);
    expect(await written(cluster, owner)).toBe('{}');
  });

  it('is written down within seconds by the node that took the path over', async () => {
    const { cluster, owner, taker } = await connected();
    await cluster.lose(owner, 'host');
    await cluster.until(() => cluster.servers(path).length === 1, 40_000);
    await cluster.pass(1_000);
    taker.connections.push({ portal: { ip, port: 3_260 }, peer: { ...initiator, port: 40_002 } });
    await cluster.pass(2_500);
    expect(await written(cluster, owner === 'n1' ? 'n2' : 'n1')).toBe('{"d1/1":["10.9.0.2 40002"]}');
  });

  it('is tickled by the node that takes the path over, and by no other', async () => {
    const { cluster, owner, host, taker } = await connected();
    taker.tickled.length = 0;
    await cluster.lose(owner, 'host');
    await cluster.until(() => cluster.servers(path).length === 1, 40_000);
    await cluster.pass(1_000);
    expect(new Set(taker.tickled.map((each) => JSON.stringify(each)))).toEqual(new Set([JSON.stringify(initiator)]));
    expect(host.tickled).toEqual([]);
  });

  it('is tickled in a planned move, too', async () => {
    const { cluster, owner, host, taker } = await connected();
    cluster.giveUp(owner, path);
    host.connections.length = 0;
    const tickled = () => [...host.tickled, ...taker.tickled];
    await cluster.until(() => tickled().length > 0, 10_000);
    expect(tickled()).toContainEqual(initiator);
  });
});

describe('an initiator of a path that is given up', () => {
  /** What is let out while it is given up. */
  const whenGivenUp = async (cluster: Cluster, owner: string) => {
    const { blocked } = cluster.network.host(owner);
    const passing: string[] = [];
    const set = blocked.set.bind(blocked);
    blocked.set = (blockedIp, except) => {
      if (blockedIp === ip) passing.push(except);
      return set(blockedIp, except);
    };
    cluster.giveUp(owner, path);
    await cluster.until(() => passing.length > 0, 5_000);
    return passing[0];
  };

  it('sees its connection end at once when another node serves another path of the disk', async () => {
    const { cluster, owner } = await connected();
    expect(cluster.servers('d1/2')).not.toEqual([owner]);
    expect(await whenGivenUp(cluster, owner)).toBe('ends');
  });

  /** The other node is gone, so that one node serves both paths of the disk. */
  const servedByOne = async () => {
    const { cluster, owner } = await connected();
    const [other = ''] = cluster.servers('d1/2');
    await cluster.lose(other, 'host');
    await cluster.until(() => cluster.servers('d1/2')[0] === owner, 40_000);
    return { cluster, owner };
  };

  it('sees it, too, when the same node goes on serving another path of the disk', async () => {
    const { cluster, owner } = await servedByOne();
    expect(await whenGivenUp(cluster, owner)).toBe('ends');
  });

  it('sees silence when the other path is given up with it', async () => {
    const { cluster, owner } = await servedByOne();
    cluster.giveUp(owner, 'd1/2');
    expect(await whenGivenUp(cluster, owner)).toBe('nothing');
  });

  it('sees silence when the node of the other path does not live any more', async () => {
    const { cluster, owner } = await connected();
    const [other = ''] = cluster.servers('d1/2');
    await cluster.lose(other, 'host');
    await cluster.until(() => cluster.node(owner).daemon.view.nodes.get(other)?.session === null, 5_000);
    expect(await whenGivenUp(cluster, owner)).toBe('nothing');
  });
});

describe('what cannot be understood of who was connected', () => {
  const texts = ['nonsense', '{}', 'null', '7', '{"d1/1":["10.9.0.2"]}', '{"d1/1":7}'];

  it.each(texts)('%s: the path is taken all the same', async (value) => {
    const { cluster, owner, taker } = await connected();
    await cluster.put(keys.connections(owner), value);
    await cluster.lose(owner, 'host');
    await cluster.until(() => cluster.servers(path).length === 1, 40_000);
    await cluster.pass(1_000);
    expect(taker.tickled).toEqual([]);
  });
});

describe('a path that is given up', () => {
  it('is written off when its next owner has had the time to read it', async () => {
    const { cluster, owner, host } = await connected();
    const { daemon } = cluster.node('n1');
    const stop = { type: 'operator.stop', by: 'test', reason: 'test' } as never;
    daemon.tell('disk/d1', stop, { kind: 'local', what: 'test' });
    host.connections.length = 0;
    await cluster.until(() => ['d1/1', 'd1/2'].every((each) => cluster.servers(each).length === 0), 10_000);
    await cluster.pass(1_000);
    expect(await written(cluster, owner)).toBe('{"d1/1":["10.9.0.2 40001"]}');
    await cluster.pass(21_000);
    expect(await written(cluster, owner)).toBe('{}');
  });
});
