#!/usr/bin/env -S node --max-semi-space-size=2
// The command line of pathwarden: `agent` is the daemon, everything else talks to one over HTTP.
// Few megabytes for new objects: V8 gives memory back after many small collections, so soon after a burst.
import { run } from './run.ts';
import { realTerminal } from './terminal.ts';

const exitCode = await run(process.argv.slice(2), realTerminal());
// Ends for certain, whatever is still open, but not before everything is written.
process.stdout.write('', () => {
  process.exit(exitCode);
});
