// The kernel's own initiator with open-iscsi, on the host itself: the kernel has one for all namespaces.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRunner, describe } from '../../../adapters/run.ts';
import { ended, mustOf, patience } from './world.ts';

export interface Login {
  readonly own: { readonly user: string; readonly password: string };
  readonly ofTarget: { readonly user: string; readonly password: string };
}

/** Logs in by CHAP in both directions. libiscsi cannot with LIO: it takes its first answer for its last one. */
export async function kernelInitiator(name: string) {
  const run = createRunner();
  await run(['modprobe', 'iscsi_tcp'], patience);
  await writeFile('/etc/iscsi/initiatorname.iscsi', `InitiatorName=${name}\n`);
  const daemon = spawn('iscsid', ['-f'], { stdio: 'ignore' });
  return {
    /** What iscsiadm said; it ends with `successful.` when it got in. */
    async tryLogin(ip: string, iqn: string, { own, ofTarget }: Login): Promise<string> {
      const node = ['iscsiadm', '-m', 'node', '-T', iqn, '-p', `${ip}:3260`];
      await writeFile('/etc/iscsi/iscsid.conf', settings({ own, ofTarget }));
      await mustOf(run)(node.join(' '), '-o', 'new');
      const login = await run([...node, '--login'], patience);
      await run([...node, '--logout'], patience);
      await run([...node, '-o', 'delete'], patience);
      return login.kind === 'exited' ? (login.stdout + login.stderr).trim() : describe(login);
    },
    close: () => ended(daemon),
  };
}

const settings = ({ own, ofTarget }: Login): string => `node.startup = manual
node.session.auth.authmethod = CHAP
node.session.auth.username = ${own.user}
node.session.auth.password = ${own.password}
node.session.auth.username_in = ${ofTarget.user}
node.session.auth.password_in = ${ofTarget.password}
node.session.initial_login_retry_max = 1
`;
