// One JSON object per line. Messages are constant; whatever comes from outside goes under `data`.
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';

export type Log = Logger;

interface LogOptions {
  readonly level: string;
  /** Bound to every line. */
  readonly node: string;
  /** Stdout when left out. */
  readonly stream?: DestinationStream;
}

const secretKeys = ['token', 'secret', 'password', 'chapSecret', 'authorization', '["x-consul-token"]'];

/** The root logger of a process. Write through its children; bind only what the program itself names. */
export function createLog({ level, node, stream }: LogOptions): Log {
  return pino(
    {
      level,
      base: { node, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap(atEveryDepth), censor: '[secret]' },
    },
    // Lines that explain a crash must be out before it, so writes are synchronous.
    stream ?? destination({ dest: 1, sync: true }),
  );
}

/** Redaction has no "at any depth": the depths that our data has are spelt out. */
function atEveryDepth(key: string): readonly string[] {
  const joined = key.startsWith('[') ? key : `.${key}`;
  return ['', '*', '*.*', '*.*.*', '*.*.*.*'].map((above) => (above === '' ? key : `${above}${joined}`));
}
