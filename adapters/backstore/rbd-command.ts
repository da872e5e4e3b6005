// The rbd command of one call, and what it says of an image.
import type { Backing, RbdImage } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { fieldOf, parsed } from '../json.ts';
import { describe, failure, type Run, type RunResult, shareDeadline } from '../run.ts';
import type { Left } from '../turns.ts';

export interface Rbd {
  /** `rbd` with configuration and user, within the deadline of the call. */
  readonly command: (...argv: string[]) => Promise<RunResult>;
  /** Any other program, within the same deadline. */
  readonly program: (...argv: string[]) => Promise<RunResult>;
  readonly run: Run;
  readonly left: Left;
  readonly conf: string;
}

/** One way to an image, in both directions. */
export interface Way {
  attach(rbd: Rbd, image: RbdImage): Promise<Outcome<Backing>>;
  detach(rbd: Rbd, image: RbdImage): Promise<Outcome>;
}

export function rbdCommand({ run, conf, id }: { run: Run; conf: string; id: string }, options: CallOptions): Rbd {
  const left = shareDeadline(options);
  const program = (...argv: string[]) => run(argv, left());
  // The verb first: events keep the beginning of a command.
  return { command: (...argv) => program('rbd', ...argv, '--conf', conf, '--id', id), program, run, left, conf };
}

/** `pool/image` or `pool/namespace/image`. */
export const nameOf = ({ pool, namespace, image }: RbdImage): string =>
  [pool, ...(namespace === undefined ? [] : [namespace]), image].join('/');

/** The size in bytes. Refused as `gone` only when Ceph itself says that there is no such image. */
export async function imageSize({ command }: Rbd, name: string): Promise<Outcome<number>> {
  const result = await command('info', '--format', 'json', name);
  if (result.kind !== 'exited' || result.code !== 0) return unreadable(name, result);
  const size = fieldOf(parsed(result.stdout), 'size');
  if (typeof size !== 'number' || !Number.isSafeInteger(size)) return unknown(`the size of ${name} cannot be read`);
  return size === 0 ? refused(`image ${name} is empty`) : done(size);
}

/**
 * Refused while a client of librbd would keep data of the image for itself: a gateway that dies would take writes with
 * it that initiators believe done, and one of several would answer with what another has overwritten.
 */
export async function withoutCache({ command }: Rbd, name: string): Promise<Outcome> {
  const result = await command('config', 'image', 'list', '--format', 'json', name);
  if (result.kind !== 'exited' || result.code !== 0) return unreadable(name, result);
  const rows = parsed(result.stdout);
  if (!Array.isArray(rows)) return unknown(`the settings of ${name} cannot be read`);
  const value = (key: string): unknown =>
    fieldOf((rows as unknown[]).find((row) => fieldOf(row, 'name') === key), 'value');
  if (value('rbd_cache') !== 'false') {
    const fix = `rbd config pool set ${name.split('/')[0] ?? ''} rbd_cache false`;
    return refused(`each gateway would cache image ${name} for itself: ${fix}`, 'cached');
  }
  // Before Ceph 16 there is no such setting.
  const isPersistent = (value('rbd_persistent_cache_mode') ?? 'disabled') !== 'disabled';
  if (!isPersistent) return done(null);
  return refused(`image ${name} has a persistent cache: disable rbd_persistent_cache_mode`, 'cached');
}

/** Only what Ceph says clearly is a refusal; no answer, and one in between, leave it unknown. */
export function unreadable(name: string, result: RunResult): Outcome<never> {
  if (result.kind !== 'exited') return failure(result);
  const missing = /error opening (?:pool|image|namespace).*: \(2\) No such file or directory/.test(result.stderr);
  if (missing) return refused(`image ${name} does not exist`, 'gone');
  return unknown(`image ${name} cannot be read: ${describe(result)}`);
}
