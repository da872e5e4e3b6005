// Whether the initiators of a path that goes may see its connections end, before its next owner answers.
import { actorIds } from '../../core/records.ts';
import { stateOf } from '../../core/state.ts';
import type { EffectParts } from './parts.ts';

/**
 * Those that have another path go on by it at once. Those that have none would connect again at once, to nobody, and
 * wait a second for TCP's next try: for them silence is shorter. And nobody may see an end before the last command
 * has ended: tried again on another path, it could overtake its own first try.
 */
export function endsPass(parts: EffectParts, actor: string): boolean {
  return parts.dataPlane.endsAfterCommands === true && hasServedSibling(parts, actor);
}

/** Another path of the disk is served: by another node that lives, or here. */
function hasServedSibling(parts: EffectParts, actor: string): boolean {
  const { registry, settings } = parts;
  const { disks, locks, nodes } = parts.view();
  const [, disk = '', number] = actor.split('/');
  const paths = disks.get(disk)?.value.paths ?? [];
  return paths.some(({ index }) => {
    if (String(index) === number) return false;
    const { holder = null, node = null } = locks.get(`${disk}/${String(index)}`) ?? {};
    if (holder === null || node === null) return false;
    if (node !== settings.node) return nodes.get(node)?.session === holder;
    const sibling = registry.get(actorIds.path(disk, index));
    return sibling !== undefined && stateOf(sibling.snapshot) === 'enabled';
  });
}
