// One error class, one table of codes. docs/reference/errors.md documents each; a test compares both ways.

const table = {
  CONFIG_INVALID: { exit: 2, http: 400, text: 'The configuration has mistakes.' },
  USAGE_INVALID: { exit: 2, http: 400, text: 'The command line cannot be understood.' },
  REQUEST_INVALID: { exit: 2, http: 400, text: 'The request cannot be understood.' },
  NOT_AUTHORISED: { exit: 6, http: 401, text: 'The operator token is missing or wrong.' },
  NOT_FOUND: { exit: 4, http: 404, text: 'There is no such thing here.' },
  NOT_ACCEPTED: { exit: 5, http: 409, text: 'It does not accept this now.' },
  LIMIT_EXCEEDED: { exit: 1, http: 503, text: 'A named limit was reached.' },
  AGENT_UNREACHABLE: { exit: 3, http: 502, text: 'The pathwarden agent does not answer.' },
  NODE_NAME_IN_USE: { exit: 10, http: 500, text: 'Another daemon runs under this node name.' },
  PORT_IN_USE: { exit: 11, http: 500, text: 'An address to listen on is taken.' },
  JOURNAL_IN_USE: { exit: 12, http: 500, text: 'Another process has the journal open.' },
  JOURNAL_DAMAGED: { exit: 13, http: 500, text: 'The journal cannot be read.' },
  JOURNAL_TOO_NEW: { exit: 17, http: 500, text: 'A newer pathwarden wrote the journal.' },
  JOURNAL_DIVERGED: { exit: 14, http: 500, text: 'Replaying the journal gives another result than it records.' },
  JOURNAL_LOST: { exit: 19, http: 500, text: 'The thread that writes the journal has ended.' },
  JOURNAL_WRITE_FAILED: { exit: 15, http: 500, text: 'The journal cannot be written.' },
  MACHINE_MISUSED: { exit: 70, http: 500, text: 'A machine asked for something it must not use.' },
  WATCHDOG_UNFIT: { exit: 18, http: 500, text: 'The watchdog that is required would not reset this host.' },
  HOST_UNFIT: { exit: 20, http: 500, text: 'Something that pathwarden needs on this host is missing or wrong.' },
  TOOL_MISSING: { exit: 16, http: 500, text: 'A program that this setup needs is not installed.' },
  STORAGE_UNREADABLE: { exit: 21, http: 502, text: 'The storage did not answer, or its answer makes no sense.' },
  INTERNAL: { exit: 70, http: 500, text: 'pathwarden made a mistake.' },
} as const;

export type ErrorCode = keyof typeof table;
export const errorCodes = Object.keys(table) as readonly ErrorCode[];

export class PathwardenError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  /** `message` says what happened, to what, and what to do. It never repeats the text of the cause. */
  constructor(
    code: ErrorCode,
    message: string,
    facts: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'PathwardenError';
    this.code = code;
    this.facts = facts;
  }

  get exitCode(): number {
    return table[this.code].exit;
  }

  get httpStatus(): number {
    return table[this.code].http;
  }

  /** What the code stands for, in one sentence. */
  get title(): string {
    return table[this.code].text;
  }
}
