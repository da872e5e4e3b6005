// Disks with images of one kind, and those of them that their storage does not list.
import type { DiskSpec } from '../core/records.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { Finding, Say } from './finding.ts';
import type { Setup } from './setup.ts';

export type Kind = DiskSpec['backstore']['kind'];

/** What the checks of images are given. */
export interface ImageSetup extends Setup {
  /** By wwn, the megabytes that initiators see, asked once. */
  readonly shown: Outcome<ReadonlyMap<string, number>>;
}

/** With the name by which its storage knows it. */
export interface Named {
  readonly disk: string;
  readonly wwn: string;
  readonly name: string;
}

export interface Measured extends Named {
  /** Now. */
  readonly bytes: number;
}

export interface Image<K extends Kind = Kind> {
  readonly disk: string;
  readonly wwn: string;
  readonly backstore: Extract<DiskSpec['backstore'], { kind: K }>;
}

/** One line for all where the list cannot be read, otherwise one for each that is not in it. */
export function missingFindings(
  wanted: readonly Named[],
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

/** Those that are in the list, with the size that it gives. `above`: what leads to the list. */
export function measured(
  wanted: readonly Named[],
  listed: Outcome<ReadonlyMap<string, number>>,
  above = '',
): readonly Measured[] {
  if (listed.kind !== 'done') return [];
  return wanted.flatMap(({ disk, wwn, name }) => {
    const bytes = listed.value.get(name);
    return bytes === undefined ? [] : [{ disk, wwn, name: `${above}${name}`, bytes }];
  });
}
