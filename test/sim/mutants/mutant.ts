// What a mistake is: a few words of some files are others.

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
}
