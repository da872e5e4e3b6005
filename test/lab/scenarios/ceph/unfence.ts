// The way back of a node that Ceph refuses: unmap, clear, map.
import { now, until } from '../../clock.ts';
import { imageOf } from '../../ceph/storage.ts';
import type { Host } from '../../hosts.ts';
import type { Lab } from '../../lab.ts';
import { writes } from '../../measure.ts';
import { run } from '../../processes.ts';
import { keep, message, type Report } from '../../report.ts';
import { follower } from '../faults/fault.ts';
import type { Scenario } from '../scenario.ts';
import { exitCodeOf, outcomeOf } from './blocklisted.ts';
import { comeBack, cutOffAlive, expectRefused, type FencedAlive, judgeDouble } from './refused.ts';

const image = imageOf('00001');

export const cephUnfence: Scenario = {
  name: 'ceph-unfence',
  what: 'a fenced host heals: nothing opens there before it is cleared; it clears itself after its own proof',
  judgesDoubleService: true,
  async run(lab, report) {
    const hit = await follower(lab);
    await expectOpens(lab, report, hit.host, 'opened');
    const fenced = await cutOffAlive(lab, hit);
    await expectRefused(lab, report, 'cephUnfence: after the takeover', [hit.host]);
    keep(report, 'cephUnfenceOpensRefused', await expectOpens(lab, report, hit.host, 'refused'));
    const wall = Date.now();
    await comeBack(lab, report, 'cephUnfence', hit);
    await judgeDouble(lab, report, 'cephUnfence', fenced);
    await servesAgain(lab, report, hit.host);
    await judgeOrder(lab, report, fenced, wall);
    await expectRefused(lab, report, 'cephUnfence: at the end', []);
  },
};

/** By a client of its own, and by its target, which lives all the time. Gives how many did as expected. */
async function expectOpens(lab: Lab, report: Report, host: Host, expected: 'opened' | 'refused'): Promise<number> {
  const found = [
    ['a client', outcomeOf(await exitCodeOf(lab.ceph.clientOn(host, 'rbd', 'info', image)))],
    ['tgtd', await openInTarget(lab, host)],
  ] as const;
  const wrong = found.filter(([, outcome]) => outcome !== expected);
  for (const [who, outcome] of wrong) {
    report.failures.push(`cephUnfence: ${image} by ${who} on ${host.name} was to be ${expected}: ${outcome}`);
  }
  return found.length - wrong.length;
}

/** With a target of its own, which is gone afterwards. */
async function openInTarget(lab: Lab, host: Host): Promise<string> {
  const tgtadm = (...argv: readonly string[]): string[] => {
    const control = ['-C', String(lab.targets.controlPort(host)), '--lld', 'iscsi', '--tid', '4242'];
    return lab.network.inside(host, ['tgtadm', ...control, ...argv]);
  };
  const options = `conf=${lab.ceph.conf};id=${lab.ceph.id}`;
  const disk = ['--lun', '1', '--bstype', 'rbd', '--backing-store', image, '--bsopts', options];
  await run(tgtadm('--mode', 'target', '--op', 'new', '-T', 'iqn.2020-01.com.example:x'));
  const before = lab.targets.said(host).length;
  const code = await exitCodeOf(tgtadm('--mode', 'logicalunit', '--op', 'new', ...disk));
  const outcome = outcomeOf(code, lab.targets.said(host).slice(before));
  await run(tgtadm('--mode', 'target', '--op', 'delete', '--force'));
  return outcome;
}

/** What the node did since it woke up: let go of each image, proved that, was refused, cleared itself, opened again. */
async function judgeOrder(lab: Lab, report: Report, { host, paths }: FencedAlive, wall: number): Promise<void> {
  const steps = (await lab.gateway(host.name).eventsSince(wall)).map(({ actor, event }) => stepOf(actor, event));
  const proven = steps.indexOf('node exclusion.provenHere');
  const kept = paths.filter(({ disk }) => !steps.slice(0, proven).includes(`disk/${disk} backstore.detached`));
  const early = `cephUnfence: ${String(kept.length)} images were not let go before the proof`;
  if (kept.length > 0) report.failures.push(early);
  const order = [
    'node exclusion.provenHere', 'node refused', 'node storage.cleared', 'node not refused', 'node session.created',
    'disk backstore.attached',
  ];
  let at = -1;
  for (const step of order) {
    const next = steps.findIndex((each, index) => index > at && each.replace(/^disk\/\d+/, 'disk') === step);
    if (next === -1) report.failures.push(`cephUnfence: no "${step}" in its place: ${steps.join(', ')}`);
    else at = next;
  }
}

function stepOf(actor: string, event: { readonly type: string; readonly refused?: readonly string[] }): string {
  if (event.type !== 'storage.seen') return `${actor} ${event.type}`;
  return `${actor} ${event.refused?.length === 0 ? 'not refused' : 'refused'}`;
}

/** Paths are given back to it, and initiators write to them. */
async function servesAgain(lab: Lab, report: Report, host: Host): Promise<void> {
  await lab.balance();
  const paths = lab.pathsOf(host.name);
  if (paths.length === 0) throw new Error(`${host.name} serves nothing again`);
  const from = now();
  await until(`initiators write through ${host.name} again`, 20_000, async () => {
    const found = await writes(lab, paths, { from, to: now() });
    return found.all > paths.length * 5;
  }).catch((error: unknown) => report.failures.push(`cephUnfence: ${message(error)}`));
  keep(report, 'cephUnfencePathsAgain', paths.length);
}
