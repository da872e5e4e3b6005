// How large the target of the kernel shows the disks whose images are files. A device is as large as it is now.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ShownSizesPort } from '../../src/ports/doctor.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { serialIn } from './lio-device.ts';
import { deviceAt } from './lio-names.ts';

type Sizes = ReadonlyMap<string, number>;

export const lioSizes = (root = '/sys/kernel/config/target'): ShownSizesPort => ({
  shownMegabytes: () => sizesIn(join(root, 'core')),
});

async function sizesIn(core: string): Promise<Outcome<Sizes>> {
  try {
    const hosts = (await readdir(core)).filter((name) => name.startsWith('fileio_'));
    const devices = await Promise.all(hosts.map((host) => devicesIn(join(core, host))));
    return done(new Map((await Promise.all(devices.flat().map(sizeOf))).flat()));
  } catch (error) {
    return unknown(`${core} cannot be read (${String(Reflect.get(Object(error), 'code'))})`);
  }
}

/** Those that are ours. */
async function devicesIn(host: string): Promise<readonly string[]> {
  const names = await readdir(host);
  return names.map((name) => join(host, name)).filter((device) => deviceAt(device) !== null);
}

async function sizeOf(device: string): Promise<readonly (readonly [wwn: string, megabytes: number])[]> {
  const text = (name: string): Promise<string> => readFile(join(device, name), 'utf8');
  const [info, serial] = await Promise.all([text('info'), text('wwn/vpd_unit_serial')]);
  // The name of the file comes before it, and may look alike.
  const bytes = / Size: (\d+) +Mode: \S+ Async: \d+\s*$/.exec(info)?.[1];
  return bytes === undefined ? [] : [[serialIn(serial.trim()), Math.round(Number(bytes) / 1e6)]];
}
