// The methods that prove a lost node unable to write: what each needs of this host.
import { asRoot, type Finding, install, sayIn } from './finding.ts';
import { cephFindings } from './ceph.ts';
import { programFinding } from './programs.ts';
import type { Setup } from './setup.ts';

const say = sayIn('fencing');

type Method = Setup['config']['exclusion']['methods'][number];

export async function exclusionFindings(setup: Setup): Promise<readonly Finding[]> {
  const { methods } = setup.config.exclusion;
  const each = await Promise.all(methods.map((method) => methodFindings(setup, method)));
  return each.flat();
}

async function methodFindings(setup: Setup, method: Method): Promise<readonly Finding[]> {
  if (method.method === 'fenceAgent') return [await agentFinding(setup, method.agent)];
  if (method.method === 'command') return [await commandFinding(setup, method.argv[0] ?? '')];
  if (method.method === 'sshPoweroff') return [await programFinding(setup.ports.host, say, 'ssh')];
  return method.method === 'ceph' ? cephFindings(setup, method) : [];
}

async function agentFinding({ ports: { host } }: Setup, agent: string): Promise<Finding> {
  const program = await programFinding(host, say, agent);
  if (program.level !== 'ok') return program;
  if (!host.isRoot) return say.unknown(agent, `${program.found}; it is run as root only`, asRoot);
  const answered = await host.fenceAgent(agent);
  if (answered.kind === 'done') return say.ok(agent, `${program.found}, describes itself`);
  if (answered.kind === 'unknown') return say.unknown(agent, answered.reason);
  return say.failure(agent, answered.reason, install('--reinstall fence-agents'));
}

/** It is only looked for: nobody knows what it does without a node to fence. */
async function commandFinding({ ports: { host } }: Setup, program: string): Promise<Finding> {
  const what = 'command';
  const found = await host.program(program);
  if (found.kind !== 'done') return say.unknown(what, found.reason);
  if (found.value !== null) return say.ok(what, `${found.value.path} is there; it was not run`);
  const file = await host.file(program);
  if (file.kind !== 'done') return say.unknown(what, `${program}: ${file.reason}`, host.isRoot ? '' : asRoot);
  if (file.value === null) {
    return say.failure(what, `${program} is not there`, `install -m 755 YOUR-PROGRAM ${program}`);
  }
  // It may be for root alone, as the daemon is.
  if (!host.isRoot) return say.unknown(what, `${program} cannot be run by others than root`, asRoot);
  return say.failure(what, `${program} cannot be run`, `chmod 755 ${program}`);
}
