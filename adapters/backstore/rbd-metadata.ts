// What PetaSAN wrote beside an image about the disk that it is, and who has the image open. Nothing is changed.
import type { RbdImage } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { fieldOf, parsed } from '../json.ts';
import { describe, failure, type Run, type RunResult } from '../run.ts';
import { nameOf, type Rbd, rbdCommand, unreadable } from './rbd-command.ts';

export interface ImageMetadata {
  /** JSON as PetaSAN wrote it. It may have a password in it. */
  readonly text: string;
  /** Addresses of the clients that have the image open. */
  readonly openAt: readonly string[];
}

interface MetadataSettings {
  readonly run: Run;
  readonly conf: string;
  readonly id: string;
}

/** `gone`: there is no such image, or PetaSAN wrote nothing beside it. */
export async function readMetadata(
  settings: MetadataSettings,
  image: RbdImage,
  options: CallOptions,
): Promise<Outcome<ImageMetadata>> {
  const rbd = rbdCommand(settings, options);
  const name = nameOf(image);
  const openAt = await watchersOf(rbd, name);
  if (openAt.kind !== 'done') return openAt;
  const text = await inMetadata(rbd, name);
  if (text.kind !== 'done') return text;
  const found = text.value === null ? await inAttribute(rbd, settings, image) : done(text.value);
  return found.kind === 'done' ? done({ text: found.value, openAt: openAt.value }) : found;
}

async function watchersOf({ command }: Rbd, name: string): Promise<Outcome<readonly string[]>> {
  const result = await command('status', '--format', 'json', name);
  if (result.kind !== 'exited' || result.code !== 0) return unreadable(name, result);
  const watchers = fieldOf(parsed(result.stdout), 'watchers');
  if (!Array.isArray(watchers)) return unknown(`who has ${name} open cannot be read`);
  return done((watchers as unknown[]).map((watcher) => String(fieldOf(watcher, 'address'))));
}

const metadataKeys = ['petasan-metadata', 'petasan-metada'];

/** Null: not there. */
async function inMetadata({ command }: Rbd, name: string): Promise<Outcome<string | null>> {
  const result = await command('image-meta', 'list', '--format', 'json', name);
  if (result.kind !== 'exited' || result.code !== 0) return unreadable(name, unquoted(result));
  // It prints nothing at all when there is none.
  const entries = result.stdout.trim() === '' ? {} : parsed(result.stdout);
  if (typeof entries !== 'object' || entries === null) return unknown(`the metadata of ${name} cannot be read`);
  const found = metadataKeys.map((key) => fieldOf(entries, key)).find((value) => typeof value === 'string');
  return done(found ?? null);
}

/** PetaSAN 2 has it as an attribute, with this name, of the object that describes the image. */
async function inAttribute(rbd: Rbd, { conf, id }: MetadataSettings, image: RbdImage): Promise<Outcome<string>> {
  const name = nameOf(image);
  const info = await rbd.command('info', '--format', 'json', name);
  if (info.kind !== 'exited' || info.code !== 0) return unreadable(name, info);
  const internal = fieldOf(parsed(info.stdout), 'id');
  if (typeof internal !== 'string') return unknown(`the id of ${name} cannot be read`);
  const place = ['--pool', image.pool, ...(image.namespace === undefined ? [] : ['--namespace', image.namespace])];
  const object = `rbd_header.${internal}`;
  const asUser = ['--conf', conf, '--id', id];
  const result = await rbd.program('rados', ...place, 'getxattr', object, 'petasan-metada', ...asUser);
  if (result.kind !== 'exited') return failure(result);
  if (result.code === 0) return done(result.stdout);
  if (result.stderr.includes('(61) No data available')) return refused(`image ${name} has no PetaSAN metadata`, 'gone');
  return unknown(`the metadata of ${name} cannot be read: ${describe(unquoted(result))}`);
}

/** What was read of it may have a password in it. */
const unquoted = (result: RunResult): RunResult => (result.kind === 'exited' ? { ...result, stdout: '' } : result);
