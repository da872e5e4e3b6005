// What a mistake is: a few words of some files are others.
import type { FaultKind } from '../fault.ts';

export interface Patch {
  readonly file: string;
  /** Stands there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  readonly name: string;
  readonly about: string;
  readonly patches: readonly Patch[];
  /** It is looked for with these faults alone, which have to meet; otherwise with every kind. */
  readonly kinds?: readonly FaultKind[];
}
