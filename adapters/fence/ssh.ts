// Asks a lost node over ssh to power itself off. A hint and never proof: a host that says goodbye may still write.
import type { FencePort } from '../../src/ports/dataplane.ts';
import { refused } from '../../src/ports/outcome.ts';
import { describe, type Run } from '../run.ts';

export interface SshSettings {
  readonly run: Run;
  /** `root@{node}` */
  readonly destination: string;
  readonly identityFile?: string;
}

/** Never answers `done`: whatever ssh says, the next method has to prove it. */
export function sshPoweroff({ run, destination, identityFile }: SshSettings): FencePort {
  return {
    async fence({ node }, options) {
      const waitSeconds = Math.max(1, Math.floor(options.deadlineMs / 1000));
      const identity = identityFile === undefined ? [] : ['-i', identityFile, '-o', 'IdentitiesOnly=yes'];
      const settings = ['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${waitSeconds}`, ...identity];
      const remote = ['systemctl', 'poweroff', '--force', '--force'];
      const result = await run(['ssh', ...settings, '--', destination.replaceAll('{node}', node), ...remote], options);
      return refused(`ssh poweroff is a hint and never proof (${describe(result)})`, 'hint');
    },
  };
}
