// The data plane `lio`: the target of the kernel is there, and its tree can be written.
import { asRoot, type Finding, sayIn } from './finding.ts';
import { kernelFindings } from './kernel.ts';
import type { Setup } from './setup.ts';

const say = sayIn('target');
const root = '/sys/kernel/config/target';
const modules = ['target_core_mod', 'iscsi_target_mod'] as const;

export async function lioFindings(setup: Setup): Promise<readonly Finding[]> {
  if (setup.config.dataPlane.kind !== 'lio') return [];
  const found = await kernelFindings(setup.ports.host, say, modules, say.failure);
  // Without its module there is no tree, and no second line has to say so.
  return found.some(({ level }) => level === 'failure') ? found : [...found, await treeFinding(setup)];
}

async function treeFinding({ ports: { host } }: Setup): Promise<Finding> {
  const what = 'its configfs';
  const tree = await host.file(root);
  if (tree.kind !== 'done') return say.unknown(what, `${root}: ${tree.reason}`);
  if (tree.value === null) return say.failure(what, `${root} is not there`, 'systemctl start sys-kernel-config.mount');
  if (tree.value.isWritable) return say.ok(what, root);
  if (!host.isRoot) return say.unknown(what, 'only root can write it', asRoot);
  return say.failure(what, `${root} cannot be written`, 'systemctl cat pathwarden   # does the unit hide the kernel?');
}
