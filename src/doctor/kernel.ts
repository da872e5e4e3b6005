// Modules of the kernel that something needs, loaded or built in.
import type { HostPort } from '../ports/doctor.ts';
import { type Finding, install, type Say } from './finding.ts';

/** One line each. */
export const kernelFindings = (host: HostPort, say: Say, modules: readonly string[]): Promise<readonly Finding[]> =>
  Promise.all(modules.map((name) => kernelFinding(host, say, name)));

async function kernelFinding(host: HostPort, say: Say, name: string): Promise<Finding> {
  const module = await host.kernelModule(name);
  const load = `modprobe ${name} && echo ${name} > /etc/modules-load.d/${name}.conf`;
  if (module.kind !== 'done') return say.unknown(name, module.reason, load);
  if (module.value === null) return say.failure(name, 'this kernel has no such module', install('linux-image-amd64'));
  if (module.value !== 'can be loaded') return say.ok(name, module.value);
  return say.warning(name, 'is not loaded, and can be', load);
}
