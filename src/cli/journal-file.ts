// What the commands on a journal file share.
import { Argument, InvalidArgumentError } from 'commander';

const defaultFile = '/var/lib/pathwarden/journal.sqlite';

export const fileArgument = (): Argument => new Argument('[file]', 'journal file').default(defaultFile);

/** `12.3 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

export function atLeastZero(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('give a number that is not negative');
}
