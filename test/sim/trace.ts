// One line per event of a run, kept only when somebody will read it; and one number that stands for all of them.

export interface Trace {
  /** The text is made only when lines are kept. */
  note(where: string, text: () => string): void;
  /** Goes into the digest in any case. */
  mark(word: string, number: number): void;
  readonly lines: readonly string[];
  readonly digest: string;
}

export function openTrace(keep: boolean, nowMs: () => number): Trace {
  const lines: string[] = [];
  let hash = 0x811c9dc5;
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ (value & 0xffff), 0x01000193) >>> 0;
  };
  return {
    note(where, text) {
      if (keep) lines.push(`${(nowMs() / 1_000).toFixed(3).padStart(9)} ${where.padEnd(4)} ${text()}`);
    },
    mark(word, number) {
      for (let at = 0; at < word.length; at += 1) mix(word.charCodeAt(at));
      mix(number);
      mix(Math.round(nowMs() * 1_000));
    },
    lines,
    get digest() {
      return hash.toString(16).padStart(8, '0');
    },
  };
}
