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

const secretKeys = new Set(['token', 'secret', 'password', 'chapsecret', 'authorization', 'x-consul-token']);
const censor = '[secret]';

/** The root logger of a process. Write through its children; bind only what the program itself names. */
export function createLog({ level, node, stream }: LogOptions): Log {
  return pino(
    {
      level,
      base: { node, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (line) => withoutSecrets(line) as Record<string, unknown>,
      },
    },
    // Lines that explain a crash must be out before it, so writes are synchronous.
    stream ?? destination({ dest: 1, sync: true }),
  );
}

/** A copy without secrets, at any depth. Wildcard paths would cost more than the rest of a line, on every line. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  // Errors, requests and the like have serializers of their own.
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret(key) ? censor : withoutSecrets(inner)]),
  );
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const isSecret = (key: string): boolean => secretKeys.has(key.toLowerCase());
