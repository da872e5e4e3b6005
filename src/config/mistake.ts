// One thing that is wrong in a configuration file.
export interface Mistake {
  /** Dotted path of the setting: `session.ttlMs`, `exclusion.methods.0.argv`. */
  readonly key: string;
  readonly line: number;
  readonly reason: string;
  /** A piece of YAML that would be right. */
  readonly example: string;
}

/** One thing that does not fit another setting, before its line is known. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly reason: string;
  readonly example: string;
}
