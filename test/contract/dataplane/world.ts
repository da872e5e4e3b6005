// A gateway and an initiator in network namespaces of their own, joined by one cable.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunner, describe, type Run } from '../../../adapters/run.ts';
import type { CallOptions } from '../../../src/ports/outcome.ts';
import { leftOut, missingPrograms, notRoot } from '../../left-out.ts';

/** An emulated machine may take a second to start a program. */
export const patience = { deadlineMs: process.env['PATHWARDEN_VM'] === undefined ? 10_000 : 60_000 };

export interface World {
  /** Runs programs on the gateway. */
  readonly gateway: Run;
  readonly gatewayPrefix: readonly string[];
  /** Runs programs on the initiator, 10.9.0.2. */
  readonly initiator: Run;
  readonly initiatorPrefix: readonly string[];
  readonly controlPort: number;
  readonly folder: string;
  readonly tgtd: ChildProcess;
  /** A new image file of zeros. */
  image(name: string, sizeBytes?: number): Promise<string>;
  close(): Promise<void>;
}

const ours = ['tgtd', 'tgtadm', 'arping', 'ndisc6', 'ndptool', 'nft', 'socat', 'ip', 'ss'];
const tools = [...ours, 'iscsi-ls', 'iscsi-inq', 'qemu-io'];

export const realPartsMissing = (): string | null =>
  leftOut('the real data plane', notRoot() ?? missingPrograms(...tools));

/** Runs a line, with `more` for words that have spaces, and answers with what it printed; throws when it fails. */
export const mustOf =
  (run: Run, options: CallOptions = patience) =>
  async (line: string, ...more: readonly string[]): Promise<string> => {
    const result = await run([...line.split(' '), ...more], options);
    if (result.kind !== 'exited' || result.code !== 0) throw new Error(describe(result));
    return result.stdout;
  };

let worlds = 0;

export async function createWorld(settings: { portal?: string } = {}): Promise<World> {
  worlds += 1;
  const id = `${process.pid.toString(36)}${worlds}`;
  const names = { gateway: `pwdp-g${id}`, initiator: `pwdp-i${id}` };
  const host = createRunner();
  const onHost = mustOf(host);
  const within = (name: string): string[] => ['ip', 'netns', 'exec', name];
  for (const name of Object.values(names)) {
    await onHost(`ip netns add ${name}`);
    await onHost(`ip -n ${name} link set lo up`);
  }
  await onHost(`ip link add eth0 netns ${names.gateway} type veth peer name eth0 netns ${names.initiator}`);
  const gateway = createRunner({ prefixArgv: within(names.gateway) });
  const initiator = createRunner({ prefixArgv: within(names.initiator) });
  await mustOf(initiator)('ip addr add 10.9.0.2/24 dev eth0');
  for (const run of [gateway, initiator]) await mustOf(run)('ip link set eth0 up');
  const controlPort = (process.pid % 30_000) + worlds;
  const argv = ['-C', String(controlPort), '-f', '--iscsi', `portal=${settings.portal ?? '127.0.0.1:3260'}`];
  const tgtd = spawn('ip', ['netns', 'exec', names.gateway, 'tgtd', ...argv], { stdio: 'ignore' });
  const folder = await mkdtemp(join(tmpdir(), 'pathwarden-'));
  const close = async (): Promise<void> => {
    await endTgtd(tgtd, controlPort);
    for (const name of Object.values(names)) await host(['ip', 'netns', 'del', name], patience);
    await rm(folder, { recursive: true, force: true });
  };
  if (!(await answers(gateway, controlPort))) {
    await close();
    throw new Error('tgtd does not start');
  }
  return {
    gateway,
    gatewayPrefix: within(names.gateway),
    initiator,
    initiatorPrefix: within(names.initiator),
    controlPort,
    folder,
    tgtd,
    image: imagesIn(folder),
    close,
  };
}

/** Makes image files in that folder. */
export const imagesIn =
  (folder: string): World['image'] =>
  async (name, sizeBytes = 8 * 1024 * 1024) => {
    const file = await open(join(folder, name), 'w');
    await file.truncate(sizeBytes);
    await file.close();
    return join(folder, name);
  };

async function answers(gateway: Run, controlPort: number): Promise<boolean> {
  const ends = performance.now() + patience.deadlineMs;
  while (performance.now() < ends) {
    const argv = ['tgtadm', '-C', String(controlPort), '--lld', 'iscsi', '--mode', 'portal', '--op', 'show'];
    const result = await gateway(argv, patience);
    if (result.kind === 'exited' && result.code === 0 && result.stdout.includes('Portal:')) return true;
  }
  return false;
}

/** With what it leaves in /run. */
export async function endTgtd(tgtd: ChildProcess, controlPort: number): Promise<void> {
  await ended(tgtd);
  for (const file of [`socket.${controlPort}`, `socket.${controlPort}.lock`]) {
    await rm(join('/run/tgtd', file), { force: true });
  }
}

export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await gone;
}
