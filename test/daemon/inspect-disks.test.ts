// What a serving disk is told when its target is not as it should be, and when that cannot be seen.
import { expect, test } from 'vitest';
import type { Snapshot } from '../../src/core/definition.ts';
import { inspectDisks } from '../../src/daemon/inspect-disks.ts';
import { Registry } from '../../src/daemon/registry.ts';
import type { TargetSight } from '../../src/ports/dataplane.ts';
import { diskSettings, settings } from '../machines/samples.ts';
import { lockOf, viewOfLock } from './translate-given.ts';

const { iqn, wwn } = diskSettings;
const asDefined: TargetSight = {
  iqn, wwn, sessions: 0, logins: [], accepts: true, rules: { initiators: null, users: [] },
};

/** To the disk of a path of ours in this state. */
function told(path: string, target: TargetSight): unknown[] {
  const registry = new Registry();
  const put = (id: string, value: unknown, context: object): void => {
    const actor = registry.ensure(id);
    actor.snapshot = { ...actor.snapshot, value, context: { ...actor.snapshot.context, ...context } } as Snapshot;
  };
  put('node', 'joined', { session: 's1', registeredAt: 4 });
  put('disk/d1', 'ready', { disk: 'd1', settings: diskSettings, users: ['path/d1/1'] });
  put('path/d1/1', path, { disk: 'd1', index: 1, settings });
  const sight = { addresses: new Set<string>(), portals: new Set<string>(), targets: new Map([[iqn, target]]) };
  const events: unknown[] = [];
  inspectDisks(registry, viewOfLock(lockOf()), sight, () => true, (_actor, event) => events.push(event));
  return events;
}

const changed = (reason: string) => [{ type: 'target.changed', reason }];

test('nothing, while the target is as it was defined', () => {
  expect(told('enabled', asDefined)).toEqual([]);
});

test('which rules were changed', () => {
  const rules = { initiators: [], users: [] };
  expect(told('enabled', { ...asDefined, rules })).toEqual(changed(`the access rules of ${iqn} were changed`));
  const withUser = { initiators: null, users: ['eve'] };
  expect(told('enabled', { ...asDefined, rules: withUser })).toEqual(changed(`the CHAP users of ${iqn} were changed`));
});

test('nothing of rules that cannot be seen, as while its only path is being closed', () => {
  expect(told('releasing', { ...asDefined, accepts: false, rules: null })).toEqual([]);
});

test('all the same that it lets nobody in, while a path is served', () => {
  const closed = { ...asDefined, accepts: false, rules: null };
  expect(told('enabled', closed)).toEqual(changed(`the target ${iqn} was taken offline`));
});
