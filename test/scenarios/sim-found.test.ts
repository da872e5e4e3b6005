// What the simulator found, each as small as it gets.
import { describe, expect, it } from 'vitest';
import { fewNodes } from './adoption.ts';

describe('a path that a new daemon took over as it is', () => {
  it('hears of that once, and not whenever something changes in Consul', async () => {
    const cluster = await fewNodes();
    const node = await cluster.restart('n1');
    await cluster.pass(1_000);
    await cluster.put('unrelated/1', 'a');
    await cluster.pass(1_000);
    await cluster.addDisk('d9', ['10.0.9.1']);
    await cluster.pass(1_000);
    const heard = node.records.filter(({ event }) => event.type === 'path.resumed').map(({ actor }) => actor);
    expect(heard).toEqual([...new Set(heard)]);
    expect(heard.length).toBeGreaterThan(0);
  });
});
