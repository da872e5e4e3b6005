// Closes a path. Disabling a portal group ends its connections and returns when their commands have ended; the portal,
// by which a half-closed path is recognised, goes last.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Portal } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, type Refused, type Unknown, unknown } from '../../src/ports/outcome.ts';
import { shareDeadline } from '../run.ts';
import type { Configfs } from './configfs.ts';
import { type Group, groupsOf, quietTargetShape } from './lio-group.ts';
import { groupFolder, portalName, targetFolder } from './lio-names.ts';
import { isAt } from './lio-open.ts';
import type { Left } from '../turns.ts';

const pollMs = 10;

export async function closePortal(
  kernel: Configfs,
  openedFor: Map<string, string>,
  portal: Portal,
  options: CallOptions,
): Promise<Outcome> {
  const left = shareDeadline(options);
  const groups = await groupsNow(kernel, portal.iqn, left);
  if (groups.kind !== 'done') return groups;
  for (const group of groups.value.filter((one) => isOf(one, portal))) {
    const quiet = await silence(kernel, portal.iqn, group, left);
    if (quiet.kind !== 'done') return quiet;
    const folder = groupFolder(portal.iqn, group.tag);
    const names = group.portals.filter((name) => isAt(name, portal));
    const closed = await kernel.change(
      names.map((name) => ({ remove: `${folder}/np/${name}` })),
      left(),
    );
    if (closed.kind !== 'done') return closed;
  }
  const name = portalName(portal);
  if (openedFor.get(name) === portal.iqn) openedFor.delete(name);
  return done(null);
}

/** Also one that lost its portal before it was quiet: nobody else would end it. */
function isOf({ tag, portals, enabled, hasSessions }: Group, portal: Portal): boolean {
  if (portals.some((name) => isAt(name, portal))) return true;
  return tag === portal.tag && portals.length === 0 && (enabled || hasSessions);
}

export async function groupsNow(kernel: Configfs, iqn: string, left: Left): Promise<Outcome<readonly Group[]>> {
  const what = [{ folder: '', shape: {} }, { folder: targetFolder(iqn), shape: quietTargetShape }];
  const looked = await kernel.look(what, left());
  if (looked.kind !== 'done') return looked;
  const [root = null, target = null] = looked.value;
  if (target !== null) return done(groupsOf(target));
  return root === null ? noneUnlessHidden(kernel, left) : done([]);
}

/** Unmounting configfs takes nothing away: what was open is open still. */
async function noneUnlessHidden(kernel: Configfs, left: Left): Promise<Outcome<readonly Group[]>> {
  const module = await kernel.kindOf('/sys/module/target_core_mod', left());
  if (module.kind !== 'done') return module;
  if (module.value === 'none') return done([]);
  return unknown('the target of the kernel cannot be seen: systemctl start sys-kernel-config.mount');
}

/**
 * Disables a group and waits until it has no session: the kernel keeps one until the last command of its connections
 * has come back from the storage.
 */
export async function silence(kernel: Configfs, iqn: string, group: Group, left: Left): Promise<Outcome> {
  const folder = groupFolder(iqn, group.tag);
  // A second write would wait for the first, in one more thread.
  if (group.enabled && !kernel.givenUp().includes(`${folder}/enable`)) {
    const disabled = await kernel.change([{ write: `${folder}/enable`, text: '0' }], left());
    // Another process was at it, whose end is seen below.
    const isUnderWay = disabled.kind === 'refused' && disabled.code === 'EINVAL';
    if (disabled.kind !== 'done' && !isUnderWay) return stillBusy(iqn, disabled);
  }
  for (;;) {
    const now = await groupsNow(kernel, iqn, left);
    if (now.kind !== 'done') return stillBusy(iqn, now);
    const same = now.value.find(({ tag }) => tag === group.tag);
    if (same === undefined || (!same.enabled && !same.hasSessions)) return done(null);
    if (left().deadlineMs <= pollMs) return unknown(`sessions of ${iqn} still have commands under way`);
    await sleep(pollMs);
  }
}

function stillBusy(iqn: string, outcome: Refused | Unknown): Outcome {
  if (outcome.kind !== 'unknown') return outcome;
  return unknown(`sessions of ${iqn} may still have commands under way: ${outcome.reason}`);
}
