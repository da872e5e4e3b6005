// What the kernel makes sure of for its own mappings, and nobody for those of rbd-nbd.
import { constants } from 'node:fs';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe } from '../run.ts';
import { mayHave, nbdProcesses } from '../nbd-processes.ts';
import type { Rbd } from './rbd-command.ts';
import type { RbdDevice } from './rbd-devices.ts';

/**
 * rbd-nbd loses its device before it ends: writes that Ceph has not answered wait in it, and land when it does. One
 * whose map command was given up goes on, too, and may get its device later. `root`: where `/proc` is.
 */
export async function noneUnlisted(
  name: string,
  listed: readonly RbdDevice[],
  root: string | undefined,
): Promise<Outcome> {
  const pids = new Set(listed.map(({ id }) => id));
  try {
    const left = (await nbdProcesses(root)).find((each) => !pids.has(each.pid) && mayHave(each, name));
    return left === undefined ? done(null) : unknown(`rbd-nbd (process ${left.pid}) still has ${name} open`);
  } catch (error) {
    return unknown(`the processes of this host cannot be read: ${error instanceof Error ? error.message : ''}`);
  }
}

const openAlone = `require('node:fs').openSync(process.argv[1], ${String(constants.O_RDONLY | constants.O_EXCL)})`;

/** Refused while a target of the kernel, a file system or device-mapper has it: they would lose it by unmapping. */
export async function nobodyClaims({ program }: Rbd, device: string): Promise<Outcome> {
  const opened = await program(process.execPath, '-e', openAlone, device);
  if (opened.kind === 'exited' && opened.code === 0) return done(null);
  const isBusy = opened.kind === 'exited' && opened.stderr.includes('EBUSY');
  if (isBusy) return refused(`${device} is in use: Device or resource busy`);
  return unknown(`whether ${device} is in use cannot be read: ${describe(opened)}`);
}
