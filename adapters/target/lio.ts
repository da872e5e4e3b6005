// The kernel's own iSCSI target (LIO), through configfs. Each path of a disk is a portal group of its target.
import type { TargetPort } from '../../src/ports/dataplane.ts';
import { configfs, type Configfs } from './configfs.ts';
import { closePortal } from './lio-close.ts';
import { define } from './lio-define.ts';
import { observe } from './lio-observe.ts';
import { openPortal } from './lio-open.ts';
import { remove } from './lio-remove.ts';
import { type LioTuning, tuningOf } from './lio-tuning.ts';
import { turns } from '../turns.ts';

export interface LioSettings {
  /** Where the kernel shows the target. */
  readonly root?: string;
  /** Who touches it. By default a process of its own, below `root`. */
  readonly kernel?: Configfs;
  readonly tuning?: LioTuning;
}

const defaultRoot = '/sys/kernel/config/target';

export function lioTarget(settings: LioSettings = {}): TargetPort {
  const { root = defaultRoot, kernel = configfs(root) } = settings;
  const openedFor = new Map<string, string>();
  const lio = { kernel, tuning: tuningOf(settings.tuning ?? {}), openedFor };
  const inTurn = turns();
  return {
    ensureDefined: (spec, options) => inTurn(spec.iqn, options, (left) => define(lio, spec, left)),
    ensureRemoved: (target, options) =>
      inTurn(target.iqn, options, async (left) => {
        const removed = await remove(kernel, target, left);
        if (removed.kind !== 'done') return removed;
        for (const [name, iqn] of openedFor) if (iqn === target.iqn) openedFor.delete(name);
        return removed;
      }),
    ensureOpen: (portal, options) => inTurn(portal.iqn, options, (left) => openPortal(lio, portal, left)),
    // Not in turn: a path whose commands hang in the storage must not hold up its siblings.
    ensureClosed: (portal, options) => closePortal(kernel, openedFor, portal, options),
    observe: (options) => observe(kernel, options),
  };
}
