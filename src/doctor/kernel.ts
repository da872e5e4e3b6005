// Modules of the kernel that something needs, loaded or built in.
import type { HostPort } from '../ports/doctor.ts';
import { type Finding, install, type Say, type SayTrouble } from './finding.ts';

/** One line each. `unloaded` says of one that is not loaded yet: the unit keeps the daemon from loading any itself. */
export const kernelFindings = (
  host: HostPort,
  say: Say,
  modules: readonly string[],
  unloaded: SayTrouble = say.warning,
): Promise<readonly Finding[]> => Promise.all(modules.map((name) => kernelFinding(host, say, name, unloaded)));

async function kernelFinding(host: HostPort, say: Say, name: string, unloaded: SayTrouble): Promise<Finding> {
  const module = await host.kernelModule(name);
  const load = `modprobe ${name} && echo ${name} > /etc/modules-load.d/${name}.conf`;
  if (module.kind !== 'done') return say.unknown(name, module.reason, load);
  if (module.value === null) return say.failure(name, 'this kernel has no such module', install('linux-image-amd64'));
  if (module.value !== 'can be loaded') return say.ok(name, module.value);
  return unloaded(name, 'is not loaded, and can be', load);
}
