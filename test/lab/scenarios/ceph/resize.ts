// An image grows while it is served.
import { readFileSync } from 'node:fs';
import { blockBytes } from '../../block.ts';
import { imageOf } from '../../ceph/storage.ts';
import { now, until } from '../../clock.ts';
import type { Lab, LabPath } from '../../lab.ts';
import { writes } from '../../measure.ts';
import { bar, keep, type Report } from '../../report.ts';
import { imageBytes } from '../../storage.ts';
import type { Scenario } from '../scenario.ts';
import { SpareWriter } from './spare-writer.ts';

const disk = '00001';
const byte = 0x44;

export const cephResize: Scenario = {
  name: 'ceph-resize',
  what: 'an image grows under I/O: nobody is disturbed, and each gateway serves the new size after it was drained',
  async run(lab, report) {
    const paths = lab.paths.filter((path) => path.disk === disk);
    const from = now();
    await lab.ceph.must('rbd', 'resize', '--no-progress', imageOf(disk), '--size', `${String(2 * imageBytes)}B`);
    await expectLength(lab, report, paths, imageBytes);
    bar(report, 'cephResizeFailedWrites', (await writes(lab, paths, { from, to: now() })).failed, 0);
    const drained = now();
    for (const { host } of lab.gateways) await drainAndBack(lab, host.name);
    keep(report, 'cephResizeDrainsMs', now() - drained);
    await expectLength(lab, report, paths, 2 * imageBytes);
    await writeBehind(lab, report, paths);
  },
};

/** As an initiator sees it that logs in now. */
async function expectLength(lab: Lab, report: Report, paths: readonly LabPath[], bytes: number): Promise<void> {
  const expected = `${String(bytes / (1 << 20))} MiB`;
  for (const path of paths) {
    const length = await withInitiator(lab, path, (initiator) => initiator.length());
    const where = `path ${path.name} on ${String(lab.server(path))}`;
    if (length !== expected) report.failures.push(`cephResize: ${where} is ${length} long, not ${expected}`);
  }
}

async function drainAndBack(lab: Lab, name: string): Promise<void> {
  const other = lab.gateways.find(({ host }) => host.name !== name)?.host.name ?? name;
  await lab.gateway(other).drain(name);
  await until(`${name} is empty`, 60_000, () => lab.pathsOf(name).length === 0);
  await lab.allServed(60_000);
  await lab.gateway(other).undrain(name);
}

/** Behind the old end, through each path. */
async function writeBehind(lab: Lab, report: Report, paths: readonly LabPath[]): Promise<void> {
  const offsetOf = ({ region }: LabPath): number => imageBytes + region * blockBytes;
  for (const path of paths) await withInitiator(lab, path, (initiator) => initiator.must(offsetOf(path), byte));
  const image = readFileSync(await lab.storage.bytes(disk));
  const missing = paths.filter(
    (path) => !image.subarray(offsetOf(path), offsetOf(path) + blockBytes).equals(Buffer.alloc(blockBytes, byte)),
  );
  for (const { name } of missing) report.failures.push(`cephResize: what path ${name} wrote is not in the image`);
}

async function withInitiator<T>(lab: Lab, path: LabPath, work: (initiator: SpareWriter) => Promise<T>): Promise<T> {
  const initiator = await SpareWriter.login(path, lab.network.inside(lab.initiatorHost, []));
  try {
    return await work(initiator);
  } finally {
    initiator.logout();
  }
}
