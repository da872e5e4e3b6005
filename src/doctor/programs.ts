// Programs that have to be there, with their versions.
import type { HostPort } from '../ports/doctor.ts';
import { packageOf } from '../ports/packages.ts';
import { type Finding, install, type Say } from './finding.ts';

/** The line that installs it; a package nobody knows is taken to be called like its program. */
export const installFix = (program: string): string => install(packageOf(program) ?? program);

/** One line each. */
export const programFindings = (host: HostPort, say: Say, names: readonly string[]): Promise<readonly Finding[]> =>
  Promise.all(names.map((name) => programFinding(host, say, name)));

export async function programFinding(host: HostPort, say: Say, name: string): Promise<Finding> {
  const program = await host.program(name);
  if (program.kind !== 'done') return say.unknown(name, program.reason);
  if (program.value === null) return say.failure(name, 'is not installed', installFix(name));
  const { path, version } = program.value;
  return say.ok(name, version === null ? path : `${version}, ${path}`);
}
