// What every command is given: the terminal, and where to leave its exit code.
import type { Terminal } from './terminal.ts';

export interface Shell {
  readonly terminal: Terminal;
  exitCode: number;
}
