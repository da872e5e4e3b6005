// The cluster as this node last saw it, joined with its own actors.
import { maintenanceOf } from '../core/maintenance.ts';
import { actorIds } from '../core/records.ts';
import { stateOf, tagsOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { ClusterSummary, DiskSummary, MaintenanceSummary, NodeSummary, PathSummary } from '../ports/inspector.ts';
import type { Daemon } from './daemon.ts';
import type { Registry } from './registry.ts';
import { waitsFor } from './waits.ts';

export function summarise(daemon: Daemon): ClusterSummary {
  const { view, settings } = daemon;
  return {
    node: settings.node,
    index: view.index,
    ageMs: daemon.viewAgeMs ?? 0,
    trouble: daemon.troubles.consul,
    maintenance: maintenanceIn(view, null),
    nodes: nodesOf(daemon),
    disks: [...view.disks.keys()].sort().map((disk) => diskOf(daemon, disk)),
    exclusions: Array.from(view.exclusions, ([session, { value }]) => ({ session, ...value })),
    problems: view.problems,
    replay: null,
  };
}

function nodesOf({ view, peers }: Daemon): readonly NodeSummary[] {
  const counts = new Map<string, number>();
  for (const { holder, node } of view.locks.values()) {
    if (holder !== null && node !== null) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return [...view.nodes]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([node, { record, session }]) => {
      const drain = view.drains.get(node)?.value;
      const summary = {
        node,
        alive: session !== null,
        draining: drain === undefined ? null : { by: drain.by, reason: drain.reason },
        maintenance: maintenanceIn(view, node),
        leaving: record.leaving,
        inspector: record.inspector,
        version: record.version,
        session,
        paths: counts.get(node) ?? 0,
      };
      return peers === null ? summary : Object.assign(summary, { heardMs: peers.heardMs(node) });
    });
}

function maintenanceIn(view: ClusterView, of: string | null): MaintenanceSummary | null {
  const found = maintenanceOf(view, of);
  if (found === null) return null;
  const { by, reason, at, forMs } = found;
  return { by, reason, since: at, until: forMs === undefined ? null : at + forMs };
}

function diskOf({ view, engine, observer }: Daemon, disk: string): DiskSummary {
  const spec = view.disks.get(disk)?.value;
  if (spec === undefined) throw new TypeError(`disk ${disk} is not in the view`);
  const paths = spec.paths.map(({ index, ip }) => pathOf(view, engine.registry, disk, index, ip));
  const { desired, iqn, wwn, backstore, access } = spec;
  const summary = { disk, desired, status: statusOf(desired, paths), iqn, wwn, backstore, access, paths };
  const logins = observer.last?.targets.get(iqn)?.logins ?? [];
  return logins.length === 0 ? summary : { ...summary, logins };
}

function pathOf(view: ClusterView, registry: Registry, disk: string, index: number, ip: string): PathSummary {
  const id = `${disk}/${String(index)}`;
  const lock = view.locks.get(id);
  const move = view.moves.get(id)?.value;
  const actor = registry.get(actorIds.path(disk, index));
  return {
    disk,
    index,
    ip,
    owner: lock?.holder === null ? null : (lock?.node ?? null),
    epoch: lock?.epoch ?? 0,
    pendingExclusion: (lock?.holder === null ? lock.evidence : lock?.pendingExclusion) ?? null,
    local: actor === undefined ? null : { state: stateOf(actor.snapshot), tags: tagsOf(actor.snapshot) },
    waits: waitsFor(view, id),
    moving: move === undefined ? null : { from: move.from, to: move.to ?? null, by: move.by, reason: move.reason },
  };
}

function statusOf(desired: 'started' | 'stopped', paths: readonly PathSummary[]): string {
  const owned = paths.filter(({ owner }) => owner !== null).length;
  if (desired === 'stopped') return owned === 0 ? 'stopped' : 'stopping';
  if (owned === paths.length) return 'started';
  return owned === 0 ? 'starting' : 'degraded';
}
