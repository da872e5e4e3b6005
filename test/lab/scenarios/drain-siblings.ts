// One node serves all paths of a disk, as after a failover, and is drained: an initiator is never without one of them.
import { peerIps } from '../../../src/core/connections.ts';
import { keys } from '../../../src/core/records.ts';
import { now, sleep, until } from '../clock.ts';
import type { Lab, LabPath } from '../lab.ts';
import { bar, keep, largest } from '../report.ts';
import type { Scenario } from './scenario.ts';

const node = 'n1';
const disk = '00001';
/** Initiators that are back are seen within two looks of their new node; without them a drain waits 10 s each time. */
const betweenMostMs = 8_000;

export const drainSiblings: Scenario = {
  name: 'drain-siblings',
  what: 'the node that serves all paths of a disk is drained, and its initiators keep one',
  async run(lab, report) {
    const siblings = lab.paths.filter((path) => path.disk === disk);
    await gather(lab, siblings);
    await until('the node has written down who is connected', 30_000, () => knowsInitiators(lab, siblings), 250);
    const from = now();
    await lab.gateway(node).drain(node);
    const leftAt = await Promise.all(siblings.map((path) => left(lab, path)));
    await lab.servedElsewhere(siblings, node, 10_000);
    await sleep(1_500);
    const delays = await slowestWrites(lab, siblings, { from, to: now() });
    await lab.gateway(node).undrain(node);
    await lab.balance();

    const apart = leftAt.toSorted((one, other) => one - other).flatMap((at, place, all) => at - (all[place - 1] ?? at));
    keep(report, 'drainSiblingsPaths', siblings.length);
    bar(report, 'drainSiblingsBetweenMs', largest(apart), betweenMostMs);
    bar(report, 'drainSiblingsWithoutAnyMs', overlapMs(delays), 0);
  },
};

/** All of the disk to the node, one path after the other. */
async function gather(lab: Lab, siblings: readonly LabPath[]): Promise<void> {
  for (const path of siblings) {
    const server = lab.server(path);
    if (server === undefined || server === node) continue;
    await lab.gateway(server).release(path.disk, path.index, node);
    await until(`${path.name} is served by ${node}`, 15_000, () => lab.server(path) === node, 10);
  }
}

async function knowsInitiators(lab: Lab, siblings: readonly LabPath[]): Promise<boolean> {
  const path = `/v1/kv/pathwarden/${keys.connections(node)}?raw`;
  const record = await lab.consul.get<object>(lab.gateway(node).host, path).catch(() => ({}));
  return siblings.every(({ name }) => peerIps(record, name).size > 0);
}

async function left(lab: Lab, path: LabPath): Promise<number> {
  await until(`${path.name} has left ${node}`, 60_000, () => lab.server(path) !== node, 5);
  return now();
}

interface Delay {
  readonly from: number;
  readonly to: number;
}

/** Of each path, the slowest write: from its issue to its answer. */
async function slowestWrites(lab: Lab, paths: readonly LabPath[], window: Delay): Promise<Delay[]> {
  const figures = await lab.initiator.figures(window.from, window.to);
  return paths.map(({ name }) => {
    const { latenciesMs = [], issuedAt = [] } = figures.find(({ path }) => path === name) ?? {};
    const slowest = latenciesMs.indexOf(largest(latenciesMs));
    const from = issuedAt[slowest] ?? window.from;
    return { from, to: from + (latenciesMs[slowest] ?? 0) };
  });
}

/** The longest time for which two of them waited together. */
const overlapMs = (delays: readonly Delay[]): number =>
  largest(delays.flatMap((one, place) =>
    delays.slice(place + 1).map((other) => Math.min(one.to, other.to) - Math.max(one.from, other.from))));
