// Disks with images of one kind, and those of them that their storage does not list.
import type { DiskSpec } from '../core/records.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { Finding, Say } from './finding.ts';

export type Kind = DiskSpec['backstore']['kind'];

export interface Image<K extends Kind = Kind> {
  readonly disk: string;
  readonly backstore: Extract<DiskSpec['backstore'], { kind: K }>;
}

/** One line for all where the list cannot be read, otherwise one for each that is not in it. */
export function missingFindings(
  wanted: readonly { readonly disk: string; readonly name: string }[],
  listed: Outcome<{ has(name: string): boolean }>,
  fix: string,
  say: Say,
): readonly Finding[] {
  if (listed.kind === 'unknown') return [say.unknown('images', listed.reason)];
  if (listed.kind === 'refused') return [say.failure('images', listed.reason, fix)];
  return wanted
    .filter(({ name }) => !listed.value.has(name))
    .map(({ disk, name }) => say.failure(`image of ${disk}`, `${name} does not exist`, fix));
}
