// Whether an image or device can be opened for reading and writing, and how large it is.
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run, type RunResult, shareDeadline } from '../run.ts';

export interface OpenImage {
  readonly isDevice: boolean;
  readonly sizeBytes: number;
}

/**
 * Programs of their own do the looking, because storage that hangs would otherwise use up the few threads that the
 * process has for files, and with them stop everything else that it does.
 */
export async function openImage(run: Run, path: string, options: CallOptions): Promise<Outcome<OpenImage>> {
  if (!path.startsWith('/')) return refused(`image ${path} is not an absolute path`);
  const left = shareDeadline(options);
  const seen = await run(['stat', '-L', '--printf=%F|%s', '--', path], left());
  if (seen.kind !== 'exited' || seen.code !== 0) return unreadable(path, seen);
  const [type, size] = seen.stdout.split('|');
  const regular = type === 'regular file' || type === 'regular empty file';
  if (!regular && type !== 'block special file') {
    return refused(`image ${path} is a ${type}, not a regular file or block device`);
  }
  // Opens it for reading and for writing, and copies nothing.
  const opened = await run(
    ['dd', `if=${path}`, `of=${path}`, 'bs=512', 'count=0', 'conv=notrunc,nocreat', 'status=none'],
    left(),
  );
  if (opened.kind !== 'exited' || opened.code !== 0) return unreadable(path, opened);
  const sizeBytes = regular ? Number(size) : await deviceSizeBytes(run, path, left());
  if (!Number.isSafeInteger(sizeBytes)) return unknown(`the size of image ${path} cannot be read`);
  return sizeBytes === 0 ? refused(`image ${path} is empty`) : done({ isDevice: !regular, sizeBytes });
}

/** The same of what has to be a block device. */
export async function openDevice(run: Run, path: string, options: CallOptions): Promise<Outcome<OpenImage>> {
  const image = await openImage(run, path, options);
  if (image.kind !== 'done' || image.value.isDevice) return image;
  return refused(`${path} is a regular file, not a block device`);
}

async function deviceSizeBytes(run: Run, path: string, options: CallOptions): Promise<number> {
  const result = await run(['blockdev', '--getsize64', path], options);
  return result.kind === 'exited' && result.code === 0 ? Number(result.stdout.trim()) : Number.NaN;
}

const refusals: readonly (readonly [said: string, reason: string])[] = [
  ['No such file or directory', 'does not exist'],
  ['Not a directory', 'does not exist'],
  ['Permission denied', 'may not be read and written by this process'],
  ['Operation not permitted', 'may not be read and written by this process'],
  ['Read-only file system', 'is on a file system that is mounted read-only'],
];

// Only what the storage says clearly is a refusal; an I/O error, a stale handle or a timeout leaves it unknown.
function unreadable(path: string, result: RunResult): Outcome<never> {
  if (result.kind !== 'exited') return failure(result);
  const known = refusals.find(([said]) => result.stderr.includes(said));
  if (known === undefined) return unknown(`image ${path} cannot be read: ${describe(result)}`);
  return refused(`image ${path} ${known[1]}`, known[1] === 'does not exist' ? 'gone' : undefined);
}
