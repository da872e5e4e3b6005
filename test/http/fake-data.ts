// What the fake inspector starts with.
import type { TakeOver } from '../../src/core/timeline.ts';
import type {
  ActorView,
  ClusterSummary,
  DiskSummary,
  ExplainStep,
  NodeSummary,
  PathSummary,
} from '../../src/ports/inspector.ts';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
export type FakePath = Mutable<PathSummary>;
export type FakeDisk = Omit<Mutable<DiskSummary>, 'paths'> & { paths: FakePath[] };
export type FakeNode = Mutable<NodeSummary>;
export type FakeProblem = Mutable<ClusterSummary['problems'][number]>;

export const start = Date.now() - 20_000;

export function fakeNode(node: string, at: number): FakeNode {
  return {
    node,
    alive: node !== 'n3',
    maintenance: null,
    draining: node === 'n2' ? { by: 'alice', reason: 'firmware update' } : null,
    leaving: false,
    inspector: node === 'n3' ? '' : `http://10.0.0.${at + 1}:7400`,
    version: '0.1.0',
    session: node === 'n3' ? null : `5c1f-000${at}`,
    paths: 0,
  };
}

export function fakeDisk(number: number, paths: number): FakeDisk {
  const disk = String(number).padStart(5, '0');
  return {
    disk,
    desired: 'started',
    status: 'started',
    iqn: `iqn.2026-01.net.example:${disk}`,
    wwn: `60014050000${disk}`,
    backstore: { kind: 'file', path: `/srv/images/${disk}.img` },
    access: { initiators: [] },
    paths: Array.from({ length: paths }, (_, at) => fakePath(disk, number, at + 1)),
  };
}

function fakePath(disk: string, number: number, index: number): FakePath {
  const owner = (number + index) % 2 === 0 ? 'n1' : 'n2';
  return {
    disk,
    index,
    ip: `10.0.${number}.${100 + index}`,
    owner,
    epoch: 5 + index,
    pendingExclusion: null,
    local:
      owner === 'n1'
        ? { state: 'enabled', tags: ['serving', 'settled', 'holding'] }
        : { state: 'unlocked.idle', tags: ['idle', 'settled'] },
    waits: null,
    moving: null,
  };
}

export function nodeActor(): ActorView {
  return {
    id: 'node',
    machine: 'node@1',
    state: 'joined',
    description: 'The node is part of the cluster.',
    tags: ['settled'],
    context: {},
    since: start - 3_600_000,
    seq: 4,
    pending: [],
    timers: [],
    accepts: ['operator.drain', 'operator.undrain', 'operator.confirmDown'],
  };
}

export function step(
  seq: number,
  actor: string,
  type: string,
  state: string,
  cause: ExplainStep['cause'],
  text: string,
): ExplainStep {
  return { seq, actor, at: start - 100_000 + seq * 1000, event: { type }, state, cause, text };
}

export function takeOver(path: string): TakeOver {
  const phase = { actor: path, seq: 12, within: null, isOver: true };
  const phases = [
    { ...phase, name: 'lock', startMs: 0, tookMs: 12 },
    { ...phase, name: 'portal', startMs: 12, tookMs: 30 },
  ];
  return { path, at: start, tookMs: 42, state: 'enabled', isServed: true, phases };
}

export function chainOf(id: string, state: string): ExplainStep[] {
  return [
    step(
      31,
      id,
      'portal.opened',
      state,
      { kind: 'intent', id: '30.0' },
      'the portal was opened, so the path is served',
    ),
    step(
      30,
      id,
      'lock.granted',
      'locking.proving',
      { kind: 'intent', id: '12.0' },
      'the lock was granted with epoch 7',
    ),
    step(
      12,
      id,
      'path.offered',
      'unlocked.waiting',
      { kind: 'consul', index: 4690, key: 'paths/00001/1' },
      'the path had no owner: the session of n3 was gone',
    ),
    step(4, 'node', 'node.lost', 'joined', null, "node n3's agent left the cluster"),
  ];
}
