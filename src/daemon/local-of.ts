// The actors of this node as plain data for translation.
import type { DiskContext } from '../../machines/disk/setup.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import type { Snapshot } from '../core/definition.ts';
import { actorIds } from '../core/records.ts';
import { stateOf, tagsOf } from '../core/state.ts';
import type { Engine } from './engine.ts';
import type { Inheritance } from './inheritance.ts';
import type { Local, LocalDisk, LocalPath } from './local.ts';
import type { Outbid } from './outbid.ts';
import type { Registry } from './registry.ts';
import type { DaemonSettings } from './settings.ts';
import type { Sightings } from './sightings.ts';

export function localOf(
  { registry, scribe }: Pick<Engine, 'registry' | 'scribe'>,
  settings: DaemonSettings,
  { sightings, outbid, inheritance }: { sightings: Sightings; outbid: Outbid; inheritance: Inheritance },
): Local {
  const paths = new Map<string, LocalPath>();
  const disks = new Map<string, LocalDisk>();
  const exclusions = new Map<string, string>();
  for (const { id, snapshot } of registry.all()) {
    if (id.startsWith('path/')) {
      paths.set(id, pathOf(id, snapshot));
      continue;
    }
    const state = stateOf(snapshot);
    if (id.startsWith('disk/')) {
      const context = snapshot.context as DiskContext;
      disks.set(context.disk, { idle: tagsOf(snapshot).includes('idle'), settings: context.settings });
    } else if (id.startsWith('exclusion/')) {
      exclusions.set(id.slice('exclusion/'.length), state);
    }
  }
  const {
    session: { lockDelayMs },
    node,
    methods,
    rankDelayMs,
    portalPort,
  } = settings;
  return {
    node,
    methods,
    lockDelayMs,
    rankDelayMs,
    portalPort,
    paths,
    disks,
    exclusions,
    ...nodeState(registry),
    isWritable: scribe.isHealthy,
    isUntouched: (path) => inheritance.isUntouched(path),
    isOutbid: (key, modifyIndex) => outbid.has(key, modifyIndex),
    remainingMs: (sight, spanMs) => sightings.remainingMs(sight, spanMs),
    elapsedMs: (sight) => sightings.elapsedMs(sight),
    firstTime: (sight) => sightings.firstTime(sight),
  };
}

/** Snapshots never change: what was read of one is true for ever. */
const known = new WeakMap<Snapshot, LocalPath>();

function pathOf(id: string, snapshot: Snapshot): LocalPath {
  const before = known.get(snapshot);
  if (before !== undefined) return before;
  const context = snapshot.context as DiskPathContext;
  const state = stateOf(snapshot);
  const [top = ''] = state.split('.', 1);
  const path = { id, disk: context.disk, index: context.index, state, top, tags: tagsOf(snapshot), context };
  known.set(snapshot, path);
  return path;
}

function nodeState(registry: Registry) {
  const actor = registry.ensure(actorIds.node);
  const context = actor.snapshot.context as NodeContext;
  const tags = tagsOf(actor.snapshot);
  const proving = new Set<string>();
  for (const { type, params } of actor.pending.values()) {
    if (type === 'exclusion.prove') proving.add(String(params['session']));
  }
  return {
    session: context.session,
    registeredAt: context.registeredAt,
    leased: tags.includes('leased'),
    joined: tags.includes('joined'),
    leaving: stateOf(actor.snapshot) === 'leaving',
    proving,
  };
}
