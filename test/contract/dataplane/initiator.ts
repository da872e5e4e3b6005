// Real initiators: one-off commands, and a session that stays logged in.
import { spawn } from 'node:child_process';
import type { RunResult } from '../../../adapters/run.ts';
import { ended, patience, type World } from './world.ts';

type From = Pick<World, 'initiator' | 'initiatorPrefix'>;

export interface Session {
  /** Runs one qemu-io command and gives what it printed, or null when the session has ended. */
  ask(command: string): Promise<string | null>;
  close(): Promise<void>;
}

/** Far more than a try takes; an emulated machine is slow. */
const limitSeconds = process.env['PATHWARDEN_VM'] === undefined ? '5' : '50';

const output = (result: RunResult): string => {
  if (result.kind !== 'exited') throw new Error(JSON.stringify(result));
  return result.stdout + result.stderr;
};

/** Reads and writes through a portal with a session of its own. */
export async function tryData(world: From, ip: string, iqn: string, login = ''): Promise<string> {
  const commands = ['-c', 'write -P 0x5a 0 64k', '-c', 'read -P 0x5a 0 64k'];
  const url = `iscsi://${login}${ip}:3260/${iqn}/1`;
  return output(await world.initiator(['timeout', limitSeconds, 'qemu-io', '-f', 'raw', ...commands, url], patience));
}

export async function inquire(world: From, ip: string, iqn: string, name: string): Promise<string> {
  const argv = ['timeout', limitSeconds, 'iscsi-inq', '-i', name, `iscsi://${ip}/${iqn}/1`];
  return output(await world.initiator(argv, patience));
}

/** Logs in by CHAP in both directions: `user%secret` of the initiator, and what it expects of the target. */
export async function inquireMutually(world: From, ip: string, iqn: string, own: string, ofTarget: string) {
  const [user, password] = ofTarget.split('%');
  const url = `iscsi://${own}@${ip}/${iqn}/1?target_user=${user}&target_password=${password}`;
  return output(await world.initiator(['timeout', limitSeconds, 'iscsi-inq', url], patience));
}

/** Sessions with one target that are closed together. */
export function sessionsWith(iqn: string) {
  const open = new Set<Session>();
  return {
    login(world: From, ip: string): Session {
      const session = openSession(world, ip, iqn);
      open.add(session);
      return session;
    },
    async close(): Promise<void> {
      for (const session of open) await session.close();
      open.clear();
    },
  };
}

function openSession(world: From, ip: string, iqn: string): Session {
  const [program = '', ...rest] = world.initiatorPrefix;
  const child = spawn(program, [...rest, 'qemu-io', '-f', 'raw', `iscsi://${ip}:3260/${iqn}/1`]);
  let printed = '';
  let changed = Promise.withResolvers<null>();
  const note = (text: Buffer): void => {
    printed += text.toString('utf8');
    changed.resolve(null);
  };
  child.stdout.on('data', note);
  child.stderr.on('data', note);
  child.stdin.on('error', () => undefined);
  child.once('exit', () => changed.resolve(null));
  const promptsBefore = (): number => printed.split('qemu-io> ').length - 1;
  return {
    async ask(command) {
      const before = promptsBefore();
      const from = printed.length;
      child.stdin.write(`${command}\n`);
      // The first prompt may still be to come: the answer is complete when one more has followed it.
      while (promptsBefore() < Math.max(before, 1) + 1) {
        if (child.exitCode !== null || child.signalCode !== null) return null;
        await changed.promise;
        changed = Promise.withResolvers();
      }
      return printed.slice(from);
    },
    close: () => ended(child),
  };
}
