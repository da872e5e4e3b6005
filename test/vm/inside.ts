// Runs inside the virtual machine: loads what the target needs, tries everything, and leaves one result.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyReport, message } from '../lab/report.ts';
import { measureCurve } from './curve.ts';
import { tryMultipath } from './multipath.ts';
import { type Found, runVitest } from './run-vitest.ts';
import { compareWithTargetcli } from './targetcli.ts';
import { namesOfTests } from './test-names.ts';
import type { Findings } from './verdicts.ts';

const out = '/run/out';
const parts: Readonly<Record<string, (found: Found) => Promise<void> | void>> = {
  tests: runTests,
  targetcli: compareWithTargetcli,
  multipath: tryMultipath,
  // The last: it leaves its disks to the end of the machine.
  curve: measureCurve,
};

/** Nobody would answer LVM that a device is there: it makes the nodes itself. */
const lvmWithoutUdev = `activation { udev_sync = 0 udev_rules = 0 }
devices { obtain_device_list_from_udev = 0 external_device_info_source = "none" }
`;

const [only = '', filter = ''] = process.argv.slice(2);
const results: Record<string, Findings> = {};
prepare();
for (const [name, part] of Object.entries(parts)) {
  if (!only.split(',').includes(name)) continue;
  console.log(name);
  const found: Found = { ...emptyReport(), passed: [] };
  results[name] = found;
  try {
    await part(found);
  } catch (error) {
    found.failures.push(message(error));
  }
}
writeFileSync(join(out, 'result.json'), JSON.stringify(results));
process.exit(0);

function prepare(): void {
  const run = (line: string): unknown => execFileSync(line.split(' ')[0] ?? '', line.split(' ').slice(1));
  run('modprobe -a configfs loop ext4 dm_mod veth nf_tables');
  run('mount -t configfs configfs /sys/kernel/config');
  // The kernel looks for all of these when the first device is made, which takes ten seconds in here.
  run('modprobe -a target_core_mod target_core_file target_core_iblock target_core_pscsi target_core_user');
  run('modprobe iscsi_target_mod');
  for (const step of ['mkdir', 'rmdir']) run(`${step} /sys/kernel/config/target/core/fileio_0`);
  // Direct input and output need a file system that has it.
  run('truncate -s 1G /tmp/files');
  run('mkfs.ext4 -q -F /tmp/files');
  mkdirSync('/tmp/images');
  run('mount -o loop /tmp/files /tmp/images');
  process.env['TMPDIR'] = '/tmp/images';
}

async function runTests(into: Found): Promise<void> {
  writeFileSync('/etc/lvm/lvmlocal.conf', lvmWithoutUdev);
  await runVitest(into, { config: 'test/vm/vitest.config.ts', filter, names: namesOfTests, figure: 'testsPassed' });
}
