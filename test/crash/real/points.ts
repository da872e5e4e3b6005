// Where a real process is killed, and what makes it get there.
import type { RealCluster } from './cluster.ts';
import { holds } from './node.ts';

type Act = (cluster: RealCluster) => Promise<void>;

export interface RealPoint {
  readonly name: string;
  readonly moment: string;
  /** Brings the cluster to where the act makes sense. */
  readonly prepare: Act;
  /** Null: a start is enough. */
  readonly act: Act | null;
}

const operator = { by: 'ada', reason: 'a test of crashes' };
const wishMs = 8_000;
const nothing: Act = async () => {};

/** Posts, and does not mind that the daemon dies meanwhile. */
async function post(cluster: RealCluster, at: 'victim' | 'other', actor: string, event: object): Promise<void> {
  const body = { ...operator, waitMs: 0, ...event } as { type: string } & typeof operator & { waitMs: number };
  await cluster[at].client.post(actor, body).catch(() => undefined);
}

/** Asked of the other node until it is taken: a node whose view is behind refuses, and an operator would ask again. */
async function release(cluster: RealCluster, path: string, to?: string): Promise<void> {
  const wish = { ...operator, type: 'operator.release', waitMs: 2_000, ...(to === undefined ? {} : { to }) };
  const isTaken = await holds(async () => {
    const posted = await cluster.other.client.post(`path/${path}`, wish);
    return posted.accepted && posted.answers.some(({ type }) => type === 'move.requested');
  }, wishMs);
  if (!isTaken) throw new Error(`nobody releases ${path}`);
}

const oneAt = (at: 'victim' | 'other'): Act => async (cluster) => {
  const node = cluster[at];
  if ((await cluster.pathOf(node, true)) === undefined) {
    await release(cluster, String(await cluster.pathOf(node, false)), node.name);
    if (!(await holds(async () => (await cluster.pathOf(node, true)) !== undefined, wishMs))) {
      throw new Error(`${node.name} gets no path`);
    }
  }
  const trouble = await cluster.settled();
  if (trouble !== null) throw new Error(trouble);
};
const move = (from: 'victim' | 'other', by: 'victim' | 'other'): Act => async (cluster) => {
  const path = String(await cluster.pathOf(cluster[from], true));
  if (by === 'other') await release(cluster, path);
  else await post(cluster, by, `path/${path}`, { type: 'operator.release' });
};

/** While the first of them is written, the others gather. */
const manyAtOnce: Act = async (cluster) => {
  const event = { type: 'operator.undrain', node: cluster.other.name };
  await Promise.all(Array.from({ length: 6 }, () => post(cluster, 'victim', 'node', event)));
};
const compact: Act = async (cluster) => {
  await cluster.victim.client.compactJournal({ by: 'ada', keepDays: 0, maxMegabytes: 0 }).catch(() => undefined);
};
const stop: Act = async (cluster) => cluster.victim.signal('SIGTERM');

const cases: readonly (readonly [prepare: Act, act: Act | null, moments: readonly string[]])[] = [
  [oneAt('other'), move('other', 'other'), [
    'append: not durable', 'append: under way', 'append: durable, not adopted', 'adopted, not dispatched',
    'answer: under way', 'answer: durable, not adopted', 'view: not seen', 'lock.acquire: done, not answered',
    'target.define: done, not answered', 'address.add: done, not answered', 'portal.open: not done',
    'portal.open: done, not answered', 'move.clear: done, not answered',
  ]],
  [oneAt('victim'), move('victim', 'other'), [
    'traffic.block: done, not answered', 'portal.close: done, not answered', 'backstore.detach: done, not answered',
    'lock.release: not done', 'lock.release: done, not answered',
  ]],
  [oneAt('victim'), move('victim', 'victim'), ['operator: durable, not adopted', 'move.request: done, not answered']],
  [nothing, manyAtOnce, ['group: under way', 'group: durable, not adopted']],
  [nothing, compact, ['snapshots: under way', 'snapshots: done', 'compaction: under way', 'compaction: done']],
  [nothing, stop, ['snapshots: not done', 'journal.close: not done']],
  [nothing, null, [
    'journal.open: under way', 'journal.open: done', 'start: under way', 'start: durable, not adopted',
    'session.renew: done, not answered', 'node.register: done, not answered',
  ]],
];

export const realPoints: readonly RealPoint[] = cases.flatMap(([prepare, act, moments]) =>
  moments.map((moment) => ({ name: `process, ${act === stop ? 'stopping, ' : ''}${moment}`, moment, prepare, act })));
