// Views and local actors for tests of translation: only what a test is about has to be said.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { emptyView, type ClusterView, type NodeView, type PathLock } from '../../src/core/view.ts';
import type { DiskSpec } from '../../src/core/records.ts';
import type { Local, LocalPath } from '../../src/daemon/local.ts';
import { translate } from '../../src/daemon/translate.ts';
import { diskSettings, settings } from '../machines/samples.ts';

const spec: DiskSpec = {
  desired: 'started', iqn: settings.iqn, wwn: diskSettings.wwn,
  backstore: { kind: 'memory' }, access: { initiators: [] },
  paths: [{ index: 1, ip: settings.ip, prefix: settings.prefix, interface: settings.interface }],
};

/** As Consul shows it: parsed anew, with nothing in common with the one before. */
export const specWith = (changes: Partial<DiskSpec>): DiskSpec => structuredClone({ ...spec, ...changes });

export const stamped = <Value>(value: Value, modifyIndex = 5) => ({ value, modifyIndex });

export const lockOf = (changes: Partial<PathLock> = {}): PathLock => ({
  disk: 'd1', index: 1, holder: 's1', node: 'n1', epoch: 3, modifyIndex: 10, evidence: null, pendingExclusion: null,
  ...changes,
});

/** Nobody holds it; with evidence: lost by that incarnation. */
export const freeLock = (changes: Partial<PathLock> = {}): PathLock =>
  lockOf({ holder: null, node: null, ...changes });

export const nodeOf = (node: string, session: string | null, roles: NodeView['record']['roles'] = ['gateway']) => ({
  record: {
    node, instance: 'i', bootId: 'b', version: '0', inspector: 'http://n', roles, leaving: false, since: 0,
  },
  session, modifyIndex: 4,
}) satisfies NodeView;

/** n1 (us, session s1), n2 and n3 live, one started disk with one path. */
export const viewWith = (changes: Partial<ClusterView> = {}): ClusterView => ({
  ...emptyView,
  index: 20,
  disks: new Map([['d1', stamped(spec)]]),
  nodes: new Map([['n1', nodeOf('n1', 's1')], ['n2', nodeOf('n2', 's2')], ['n3', nodeOf('n3', 's3')]]),
  ...changes,
});

export const viewOfLock = (lock: PathLock, changes: Partial<ClusterView> = {}): ClusterView =>
  viewWith({ locks: new Map([['d1/1', lock]]), ...changes });

const context: DiskPathContext = {
  disk: 'd1', index: 1, settings, offer: null, lock: null, evidence: null, giveUp: null, diskReady: false,
  addressFree: false, trafficBlocked: false, tries: 0, failures: 0, trouble: null,
};
export const held = { epoch: 3, modifyIndex: 10 };

export const pathIn = (state: string, changes: Partial<DiskPathContext> = {}): LocalPath => ({
  id: 'path/d1/1', disk: 'd1', index: 1, state, top: state.split('.')[0] ?? '',
  tags: /^unlocked\.(idle|waiting|cooling)/.test(state) ? ['idle'] : [],
  context: { ...context, ...(/^(mapped|enabled|releasing)/.test(state) ? { lock: held } : {}), ...changes },
});

/** Node n1, joined, with this path. Everything was seen long ago, unless a test says otherwise. */
export const localWith = (path: LocalPath | null, changes: Partial<Local> = {}): Local => ({
  node: 'n1', session: 's1', registeredAt: 4, leased: true, joined: true, leaving: false, isWritable: true,
  paths: new Map(path === null ? [] : [[path.id, path]]),
  disks: new Map([['d1', { idle: false, settings: { ...diskSettings } }]]),
  exclusions: new Map(), proving: new Set(), methods: [], lockDelayMs: 2_000, rankDelayMs: 250, portalPort: 3260,
  isUntouched: () => false, isOutbid: () => false, remainingMs: () => 0, elapsedMs: () => 0, firstTime: () => true,
  ...changes,
});

/** What the actors are told, without the causes. */
export const said = (view: ClusterView, local: Local) =>
  Array.from(translate(view, local), ({ actor, event }) => ({ actor, ...event }));
