// The same path made by pathwarden and by targetcli-fb, in the same machine and run.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lioDataPlane } from '../../adapters/dataplane.ts';
import type { DataPlane } from '../../src/ports/dataplane.ts';
import { createKernelWorld } from '../contract/dataplane/kernel-world.ts';
import { barLeast, keep, percentile, type Report } from '../lab/report.ts';
import { must } from './curve.ts';

/** By turns, so that a host that is busier for a while is so for both. */
const turns = 5;
/** Of ours in each turn: a daemon that runs for months has compiled what it does. Theirs starts anew each time. */
const oursInATurn = 5;
const root = '/sys/kernel/config/target';
const timesFaster = 20;
const patience = { deadlineMs: 60_000 };
const iqn = 'iqn.2026-11.io.pathwarden:1';
const initiator = 'iqn.1994-05.com.example:one';
const ip = '10.9.0.1';

export async function compareWithTargetcli(report: Report): Promise<void> {
  const world = await createKernelWorld();
  await world.gateway(['ip', 'addr', 'add', `${ip}/24`, 'dev', 'eth0'], patience);
  const image = await world.image('one');
  const ours: Samples = { open: [], close: [] };
  const theirs: Samples = { open: [], close: [] };
  const plane = lioDataPlane({ run: world.gateway });
  must(await plane.target.observe(patience));
  startMessageBus();
  targetcli(['ls']);
  for (let turn = 0; turn < turns; turn += 1) {
    for (let sample = 0; sample < oursInATurn; sample += 1) await takeOurs(ours, plane, image);
    takeTheirs(theirs, image);
  }
  for (const what of ['open', 'close'] as const) {
    // Of either the best counts: a host that is busy with something else only adds to them.
    const [mine, other] = [Math.min(...ours[what]), Math.min(...theirs[what])];
    keep(report, `${what}Ms`, mine);
    keep(report, `${what}MedianMs`, percentile(ours[what], 0.5));
    keep(report, `${what}ByTargetcliMs`, other);
    keep(report, `${what}ByTargetcliMedianMs`, percentile(theirs[what], 0.5));
    barLeast(report, `${what}TimesFaster`, other / mine, timesFaster);
  }
  await world.close();
}

type Samples = Readonly<Record<'open' | 'close', number[]>>;

async function takeOurs(taken: Samples, { target }: DataPlane, path: string): Promise<void> {
  const backing = { kind: 'file' as const, path, sizeBytes: 8 * 1024 * 1024 };
  const spec = { disk: '1', iqn, wwn: 'aabbccdd00000001', access: { initiators: [initiator] }, backing };
  const portal = { iqn, ip, port: 3260, tag: 1 };
  const begun = performance.now();
  must(await target.ensureDefined(spec, patience));
  must(await target.ensureOpen(portal, patience));
  const open = performance.now();
  must(await target.ensureClosed(portal, patience));
  taken.close.push(performance.now() - open);
  taken.open.push(open - begun);
  must(await target.ensureRemoved(spec, patience));
}

/** One process for all commands of a verb, as a script of targetcli would be fed: fewer would not be possible. */
function takeTheirs(taken: Samples, path: string): void {
  const group = `/iscsi/${iqn}/tpg1`;
  const open = targetcli([
    'set global auto_add_default_portal=false auto_save_on_exit=false',
    `/backstores/fileio create one ${path}`,
    `/iscsi create ${iqn}`,
    `${group}/luns create /backstores/fileio/one 1`,
    `${group}/acls create ${initiator}`,
    `${group} set attribute authentication=0`,
    `${group}/portals create ${ip} 3260`,
    `${group} enable`,
  ]);
  taken.open.push(open);
  const served = readFileSync(join(root, `iscsi/${iqn}/tpgt_1/enable`), 'utf8').trim();
  if (served !== '1') throw new Error('targetcli opened nothing');
  taken.close.push(targetcli([`${group} disable`, `${group}/portals delete ${ip} 3260`]));
  targetcli([`/iscsi delete ${iqn}`, '/backstores/fileio delete one']);
}

/** targetcli asks it for handlers of devices in user space, and does not start without. */
function startMessageBus(): void {
  mkdirSync('/run/dbus', { recursive: true });
  mkdirSync('/etc/target', { recursive: true });
  execFileSync('dbus-daemon', ['--system', '--fork', '--nopidfile']);
}

function targetcli(lines: readonly string[]): number {
  const begun = performance.now();
  const { status, stdout, stderr } = spawnSync('targetcli', [], {
    input: `${lines.join('\n')}\nexit\n`,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`targetcli: ${stdout} ${stderr}`);
  return performance.now() - begun;
}
