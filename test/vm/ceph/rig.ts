// What the tests beside a Ceph have in their hands: images of it, mapped here, and its administrator elsewhere.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { rbdBackstore, type RbdSettings } from '../../../adapters/backstore/rbd.ts';
import { createRunner, describe, type Run } from '../../../adapters/run.ts';
import type { BackstorePort, LocalBacking, RbdImage } from '../../../src/ports/dataplane.ts';
import { patience } from '../../contract/dataplane/world.ts';
import { type Admin, adminAt } from './admin-client.ts';

export interface Place {
  readonly conf: string;
  readonly id: string;
  readonly adminUrl: string;
  /** What Ceph takes this machine for. */
  readonly address: string;
  readonly udevPid: number;
}

export const placeVariable = 'PATHWARDEN_VM_CEPH';
export const place = JSON.parse(process.env[placeVariable] ?? '{}') as Place;
export const kinds = ['krbd', 'nbd'] as const;
export type Kind = (typeof kinds)[number];
export const megabyte = 1024 * 1024;

export const run = createRunner();
export const admin: Admin = adminAt(place.adminUrl);

/** The Ceph of this run speaks msgr2 alone. */
export const settingsOf = (via: Kind): Omit<RbdSettings, 'run'> => ({
  conf: place.conf,
  id: place.id,
  via,
  ...(via === 'krbd' ? { mapOptions: 'ms_mode=crc' } : {}),
});

/** A new instance each time: it finds what another one has mapped. */
export const backstoreVia = (via: Kind): BackstorePort => rbdBackstore({ run, ...settingsOf(via) });

export async function newImage(megabytes = 8): Promise<RbdImage> {
  const image = `image${crypto.randomUUID().slice(0, 8)}`;
  await admin('rbd', 'create', `rbd/${image}`, '--size', String(megabytes));
  return { kind: 'rbd', pool: 'rbd', image };
}

export const attach = (via: Kind, spec: RbdImage, options = patience) =>
  backstoreVia(via).ensureAttached({ disk: '1', spec }, options);

export const detach = (via: Kind, spec: RbdImage, options = patience) =>
  backstoreVia(via).ensureDetached({ disk: '1', spec }, options);

/** Its device. Throws when it cannot be had. */
export async function deviceOf(via: Kind, spec: RbdImage): Promise<string> {
  return (await backingOf(via, spec)).path;
}

export async function backingOf(via: Kind, spec: RbdImage): Promise<LocalBacking> {
  const attached = await attach(via, spec);
  if (attached.kind !== 'done' || attached.value.kind === 'rbd') throw new Error(JSON.stringify(attached));
  return attached.value;
}

/** A Ceph that hangs goes on again before. */
const writtenWithin = { deadlineMs: 180_000 };

/** Writes a block of that letter past the page cache. Gives whether the device said that it is written. */
export async function write(device: string, letter: string): Promise<boolean> {
  const file = `/run/block-${letter}`;
  await writeFile(file, letter.repeat(4096));
  const argv = ['dd', `if=${file}`, `of=${device}`, 'bs=4096', 'count=1', 'oflag=direct', 'conv=notrunc,nocreat'];
  const written = await run(argv, writtenWithin);
  // It neither failed nor was it written.
  if (written.kind !== 'exited') throw new Error(describe(written));
  return written.code === 0;
}

/** The first letter of the image, as another client of Ceph reads it. */
export async function letterIn({ pool, image }: RbdImage): Promise<string> {
  const file = `${dirname(place.conf)}/export-${crypto.randomUUID()}`;
  await admin('rbd', 'export', '--no-progress', `${pool}/${image}`, file);
  return (await readFile(file)).subarray(0, 1).toString();
}

/** Runs here, as a person would. */
export async function must(...argv: readonly string[]): Promise<string> {
  const result = await run(argv, patience);
  if (result.kind !== 'exited' || result.code !== 0) throw new Error(describe(result));
  return result.stdout;
}

/** `ceph` for adapters, by way of the administrator's host. */
export const remotely: Run = async (argv) => {
  const facts = { command: argv.join(' '), durationMs: 1 };
  return admin(...argv).then(
    (stdout) => ({ kind: 'exited', code: 0, stdout, stderr: '', ...facts }),
    (error: unknown) => ({ kind: 'exited', code: 1, stdout: '', stderr: String(error), ...facts }),
  );
};
