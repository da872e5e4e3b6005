#!/usr/bin/env node
// The command line of pathwarden: `agent` is the daemon, everything else talks to one over HTTP.
import { run } from './run.ts';
import { realTerminal } from './terminal.ts';

const exitCode = await run(process.argv.slice(2), realTerminal());
// Ends for certain, whatever is still open, but not before everything is written.
process.stdout.write('', () => {
  process.exit(exitCode);
});
