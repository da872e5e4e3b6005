// What SQLite says, in our words.
import { PathwardenError } from '../../src/errors.ts';
import { damaged } from './rows.ts';

const codes = { error: 1, corrupt: 11, notADatabase: 26 };

/** At opening, damage is what SQLite calls an error of content: a missing table too. */
export function openFault(file: string, error: unknown): PathwardenError {
  if (error instanceof PathwardenError) return error;
  const code = codeOf(error);
  if (code === codes.error || isDamage(error)) return damaged(`The journal ${file} cannot be read.`, { file }, error);
  const message = `The journal ${file} cannot be opened for writing: check its directory, owner and free space.`;
  return new PathwardenError('JOURNAL_WRITE_FAILED', message, { file }, { cause: error });
}

/** The file's content is wrong; its disk may be well. */
export const isDamage = (error: unknown): boolean => [codes.corrupt, codes.notADatabase].includes(codeOf(error));

const codeOf = (error: unknown): number => ((error as { errcode?: number } | null)?.errcode ?? 0) & 0xff;

export function tooNew(file: string, version: number, known: number): PathwardenError {
  const message =
    `A newer pathwarden wrote the journal ${file} (format ${version}, and this one knows ${known}): start that ` +
    'version again, or move the journal aside by hand: the daemon then recovers by looking at what it serves.';
  return new PathwardenError('JOURNAL_TOO_NEW', message, { file, version, known });
}
