// What one check says: one line, and what to do about it.

export type Level = 'ok' | 'warning' | 'failure' | 'unknown';

export interface Finding {
  /** What the lines are grouped by. */
  readonly area: string;
  readonly level: Level;
  /** What was looked at, in a word or two. */
  readonly what: string;
  readonly found: string;
  /** A command or a line of the configuration that can be pasted; empty where nothing has to be done. */
  readonly fix: string;
}

export interface Say {
  readonly ok: (what: string, found: string) => Finding;
  /** Works, and should be known. */
  readonly warning: SayTrouble;
  /** The daemon does not work, or is not safe, like this. */
  readonly failure: SayTrouble;
  /** It could not be seen; that is not the same as wrong. */
  readonly unknown: (what: string, found: string, fix?: string) => Finding;
}

export type SayTrouble = (what: string, found: string, fix: string) => Finding;

export function sayIn(area: string): Say {
  const say =
    (level: Level) =>
    (what: string, found: string, fix = ''): Finding => ({ area, level, what, found, fix });
  return { ok: say('ok'), warning: say('warning'), failure: say('failure'), unknown: say('unknown') };
}

export const asRoot = 'sudo pathwarden doctor';

/** The package manager's line for Debian and its kin. */
export const install = (name: string): string => `apt-get install ${name}`;
