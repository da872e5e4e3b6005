// What the daemon says, as named lines. Structurally a pino logger, so that the daemon does not depend on one.
export interface DaemonLog {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}

export const silentLog: DaemonLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
