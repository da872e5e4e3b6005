// What operators write: disks, moves, drains, maintenance. Each is one guarded write in Consul that every node sees.
import { willingNodes } from '../../core/placement.ts';
import { keys, type DiskSpec, type DrainRecord, type MaintenanceRecord, type MoveRecord } from '../../core/records.ts';
import { readDiskSpec, type ClusterView } from '../../core/view.ts';
import { interfaceName, interfaceNameMax } from '../../ports/interface-name.ts';
import { done, refused, type Outcome } from '../../ports/outcome.ts';
import type { Effects, Facts } from '../dispatcher.ts';
import { consulOptions, type EffectParts } from './parts.ts';

type Params = Readonly<Record<string, unknown>>;
type Answer = Promise<Outcome<Facts | null>>;

export function specEffects(parts: EffectParts): Effects {
  const effects = effectsInView(parts);
  const inView = (effect: Effects[string]): Effects[string] => (params, call) =>
    parts.viewed().then(() => effect(params, call));
  return Object.fromEntries(Object.entries(effects).map(([type, effect]) => [type, inView(effect)]));
}

function effectsInView(parts: EffectParts): Effects {
  return {
    'spec.create': (params) => create(parts, String(params['disk']), params['spec']),
    'spec.setDesired': (params) =>
      setDesired(parts, String(params['disk']), params['desired'] as DiskSpec['desired']),
    'spec.remove': (params) => removeDisk(parts, String(params['disk'])),
    'move.request': (params) => requestMove(parts, params),
    'move.clear': (params) =>
      settled(
        parts.cluster.remove(
          {
            key: keys.move(String(params['disk']), Number(params['index'])),
            expectedModifyIndex: Number(params['modifyIndex']),
          },
          consulOptions(parts),
        ),
      ),
    'drain.write': (params) => drain(parts, params),
    'drain.remove': (params) => removeKey(parts, keys.drain(String(params['node']))),
    'maintenance.write': (params) => maintain(parts, params),
    'maintenance.remove': (params) =>
      removeKey(parts, keys.maintenance(params['node'] as string | null), params['modifyIndex'] as number | null),
  };
}

async function settled(call: Promise<Outcome<unknown>>): Answer {
  const outcome = await call;
  return outcome.kind === 'done' ? done(null) : outcome;
}

async function create(parts: EffectParts, disk: string, given: unknown): Answer {
  let spec: DiskSpec;
  try {
    spec = readDiskSpec(JSON.stringify(given));
  } catch (error) {
    return refused(
      `the specification has mistakes: ${error instanceof Error ? error.message : String(error)}`,
      'invalid',
    );
  }
  const long = spec.paths.find((path) => interfaceName(path.interface, path.vlan).length > interfaceNameMax);
  if (long !== undefined) {
    const name = interfaceName(long.interface, long.vlan);
    return refused(`the interface ${name} would have a name of more than ${interfaceNameMax} characters`, 'invalid');
  }
  const clash = clashOf(parts.view(), disk, spec);
  if (clash !== null) return refused(clash, 'clash');
  const outcome = await parts.cluster.put(
    { key: keys.disk(disk), value: JSON.stringify(spec), expectedModifyIndex: 0 },
    consulOptions(parts),
  );
  if (outcome.kind === 'refused' && outcome.code === 'changed')
    return refused(`disk ${disk} exists already`, 'exists');
  return outcome.kind === 'done' ? done(null) : outcome;
}

function clashOf(view: ClusterView, disk: string, spec: DiskSpec): string | null {
  for (const [other, { value }] of view.disks) {
    if (other === disk) return `disk ${disk} exists already`;
    if (value.iqn === spec.iqn) return `disk ${other} has the iqn ${spec.iqn} already`;
    if (value.wwn === spec.wwn) return `disk ${other} has the wwn ${spec.wwn} already`;
    const taken = value.paths.find(({ ip }) => spec.paths.some((path) => path.ip === ip));
    if (taken !== undefined) return `path ${other}/${String(taken.index)} has the ip ${taken.ip} already`;
  }
  return null;
}

async function setDesired(parts: EffectParts, disk: string, desired: DiskSpec['desired']): Answer {
  const entry = await parts.cluster.read(keys.disk(disk), consulOptions(parts));
  if (entry.kind !== 'done') return entry;
  if (entry.value === null) return refused(`there is no disk ${disk}`, 'absent');
  try {
    const spec = readDiskSpec(entry.value.value);
    if (spec.desired === desired) return done(null);
    const value = JSON.stringify({ ...spec, desired });
    return await settled(
      parts.cluster.put(
        { key: keys.disk(disk), value, expectedModifyIndex: entry.value.modifyIndex },
        consulOptions(parts),
      ),
    );
  } catch (error) {
    return refused(
      `the key of disk ${disk} cannot be understood: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** The specification goes first, so that nobody takes a path whose key is being removed. */
async function removeDisk(parts: EffectParts, disk: string): Answer {
  const list = await parts.cluster.list(consulOptions(parts));
  if (list.kind !== 'done') return list;
  const spec = list.value.entries.find(({ key }) => key === keys.disk(disk));
  if ((parts.view().disks.get(disk)?.value.desired ?? 'stopped') !== 'stopped') {
    return refused(`disk ${disk} is not stopped: stop it first`, 'started');
  }
  const locks = list.value.entries.filter(({ key }) => key.startsWith(`paths/${disk}/`));
  // Without a specification its lock keys may still be there: a daemon that was ended meanwhile left them.
  if (spec === undefined && locks.length === 0) return refused(`there is no disk ${disk}`, 'absent');
  const busy = locks.find(({ session, value }) => session !== null || value !== '');
  if (busy !== undefined) {
    const why = busy.session === null ? 'its last owner is not proven gone' : 'it is still locked';
    return refused(`${busy.key} cannot be removed: ${why}`, 'busy');
  }
  for (const { key, modifyIndex } of spec === undefined ? locks : [spec, ...locks]) {
    const outcome = await parts.cluster.remove({ key, expectedModifyIndex: modifyIndex }, consulOptions(parts));
    if (outcome.kind !== 'done') return outcome;
  }
  return done(null);
}

async function requestMove(parts: EffectParts, params: Params): Answer {
  const view = parts.view();
  const disk = String(params['disk']);
  const index = Number(params['index']);
  const to = params['to'] as string | null;
  const lock = view.locks.get(`${disk}/${String(index)}`);
  if (lock === undefined || lock.holder === null || lock.node === null)
    return refused('nobody serves the path', 'unserved');
  const from = lock.node;
  const others = willingNodes(view).filter((node) => node !== from);
  if (others.length === 0) return refused(`no other node could take it from ${from}`, 'alone');
  if (to !== null && !others.includes(to))
    return refused(`node ${to} cannot take it: choose one of ${others.join(', ')}`, 'unwilling');
  const move: MoveRecord = {
    from,
    by: String(params['by']),
    reason: String(params['reason']),
    at: parts.clock.wallMs(),
    ...(to === null ? {} : { to }),
  };
  return settled(parts.cluster.put({ key: keys.move(disk, index), value: JSON.stringify(move) }, consulOptions(parts)));
}

async function drain(parts: EffectParts, params: Params): Answer {
  const node = String(params['node']);
  if (!parts.view().nodes.has(node)) return refused(`there is no node ${node}`, 'absent');
  const record: DrainRecord = {
    by: String(params['by']),
    reason: String(params['reason']),
    at: parts.clock.wallMs(),
  };
  return settled(parts.cluster.put({ key: keys.drain(node), value: JSON.stringify(record) }, consulOptions(parts)));
}

async function maintain(parts: EffectParts, params: Params): Answer {
  const node = params['node'] as string | null;
  if (node !== null && !parts.view().nodes.has(node)) return refused(`there is no node ${node}`, 'absent');
  const forMs = params['forMs'] as number | null;
  const record: MaintenanceRecord = {
    by: String(params['by']),
    reason: String(params['reason']),
    at: parts.clock.wallMs(),
    ...(forMs === null ? {} : { forMs }),
  };
  const request = { key: keys.maintenance(node), value: JSON.stringify(record) };
  return settled(parts.cluster.put(request, consulOptions(parts)));
}

/** Done when it is not there, too. With `only`, nothing but that state of it: somebody may have written it anew. */
async function removeKey(parts: EffectParts, key: string, only: number | null = null): Answer {
  const entry = await parts.cluster.read(key, consulOptions(parts));
  if (entry.kind !== 'done') return entry;
  if (entry.value === null || (only !== null && entry.value.modifyIndex !== only)) return done(null);
  return settled(
    parts.cluster.remove({ key, expectedModifyIndex: entry.value.modifyIndex }, consulOptions(parts)),
  );
}
