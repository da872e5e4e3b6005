// A fenced host lives on, with its link to Ceph and its target: whatever it still writes is refused.
import { closeSync, openSync, readSync } from 'node:fs';
import { blockBytes } from '../../block.ts';
import { sleep } from '../../clock.ts';
import type { Lab, LabPath } from '../../lab.ts';
import { bar, keep, type Report } from '../../report.ts';
import { follower } from '../faults/fault.ts';
import type { Scenario } from '../scenario.ts';
import { type LateWrite, refusedOf } from './blocklisted.ts';
import { LateClient } from './late-client.ts';
import { SpareWriter } from './spare-writer.ts';
import { comeBack, cutOffAlive, expectRefused, judgeDouble } from './refused.ts';

/** What a place holds, each byte of it. */
const before = 0x11;
const late = 0x66;
const after = 0x22;
const places = 16;
/** Behind everything that the lab's writers write. */
const firstPlace = 4 << 20;

export const cephStaleWrite: Scenario = {
  name: 'ceph-stale-write',
  what: 'a host is cut off, alive and with its link to Ceph: what it writes late is refused',
  judgesDoubleService: true,
  async run(lab, report) {
    const hit = await follower(lab);
    const { host, paths } = hit;
    const onHost = lab.network.inside(host, []);
    const stale = await Promise.all(paths.map((path) => SpareWriter.login(path, onHost)));
    await fill(stale);
    const client = await LateClient.start(lab, host);
    lab.targets.pause(host);
    const said = lab.targets.said(host).length;
    const waiting = stale.map((writer) => writeAt(writer, 0));
    // By now each of the lab's own writers has one on its way there, too.
    await sleep(300);
    const fenced = await cutOffAlive(lab, hit);
    await expectRefused(lab, report, 'cephStaleWrite: after the takeover', [host]);
    await overwrite(lab, paths);
    lab.targets.resume(host);
    const tried = [...(await Promise.all(waiting)), ...(await writeLate(stale))];
    for (const writer of stale) writer.logout();
    await client.judge(report);
    const refused = refusedOf(tried, lab.targets.said(host).slice(said));
    keepVerdict(report, tried.length, refused.length, await landed(lab, paths));
    await expectRefused(lab, report, 'cephStaleWrite: after the late writes', [host]);
    await comeBack(lab, report, 'cephStaleWrite', hit);
    await judgeDouble(lab, report, 'cephStaleWrite', fenced);
  },
};

const offsetOf = ({ region }: LabPath, place: number): number => firstPlace + (region * places + place) * blockBytes;

async function fill(stale: readonly SpareWriter[]): Promise<void> {
  for (const writer of stale) {
    for (let place = 0; place < places; place += 1) await writer.must(offsetOf(writer.path, place), before);
  }
}

/** The new owners write where the lost one has a write waiting: were it to land, an acknowledged one would be gone. */
async function overwrite(lab: Lab, paths: readonly LabPath[]): Promise<void> {
  const onInitiator = lab.network.inside(lab.initiatorHost, []);
  for (const path of paths) {
    const writer = await SpareWriter.login(path, onInitiator);
    await writer.must(offsetOf(path, 0), after);
    writer.logout();
  }
}

async function writeAt(writer: SpareWriter, place: number): Promise<LateWrite> {
  const offset = offsetOf(writer.path, place);
  return { offset, answer: await writer.write(offset, late) };
}

async function writeLate(stale: readonly SpareWriter[]): Promise<LateWrite[]> {
  const tried: LateWrite[] = [];
  for (const writer of stale) {
    for (let place = 1; place < places; place += 1) tried.push(await writeAt(writer, place));
  }
  return tried;
}

/** Places of these paths that do not hold what was acknowledged last, in the image itself. */
async function landed(lab: Lab, paths: readonly LabPath[]): Promise<number> {
  let found = 0;
  for (const path of paths) {
    const file = openSync(await lab.storage.bytes(path.disk), 'r');
    for (let place = 0; place < places; place += 1) {
      const block = Buffer.alloc(blockBytes);
      readSync(file, block, 0, blockBytes, offsetOf(path, place));
      const byte = place === 0 ? after : before;
      if (!block.equals(Buffer.alloc(blockBytes, byte))) found += 1;
    }
    closeSync(file);
  }
  return found;
}

function keepVerdict(report: Report, tried: number, refused: number, found: number): void {
  keep(report, 'cephStaleWritesTried', tried);
  keep(report, 'cephStaleWritesRefused', refused);
  bar(report, 'cephStaleWritesLanded', found, 0);
  if (refused === tried && refused > 0) return;
  report.failures.push(`cephStaleWrite: ${String(tried - refused)} of ${String(tried)} late writes were not refused`);
}
