// This host as the doctor sees it: files of the kernel, programs, clocks. Nothing is changed.
import type { HostPort } from '../../src/ports/doctor.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import { describe, failure, type Run } from '../run.ts';
import { clockSource, clocksPassed, clockSynchronised } from './clocks.ts';
import { fileFacts, freeBytes } from './files.ts';
import { holdersOf } from './holders.ts';
import { kernelModule, kernelOption } from './kernel.ts';
import { readLinks } from './links.ts';
import { findProgram } from './programs.ts';

export interface HostSettings {
  readonly run: Run;
  /** Where `/proc`, `/sys`, `/lib` and `/boot` are. */
  readonly root?: string;
  /** Folders of programs; the daemon's own by default. */
  readonly folders?: readonly string[];
  readonly watchdog: HostPort['watchdog'];
}

const patience = { deadlineMs: 5000 };

export function systemHost({ run, root = '', folders, watchdog }: HostSettings): HostPort {
  return {
    isRoot: process.getuid?.() === 0,
    node: { path: process.execPath, version: process.version },
    program: (name) => findProgram(run, name, folders),
    kernelModule: (name) => kernelModule(name, root),
    kernelOption: (name) => kernelOption(name, root),
    file: fileFacts,
    freeBytes,
    links: () => readLinks(run),
    clockSynchronised: () => clockSynchronised(run),
    clockSource: () => clockSource(root),
    clocksPassed,
    watchdog,
    holders: (device) => holdersOf(device, root),
    async fenceAgent(agent) {
      // What every agent answers without being told of a node.
      const said = await run([agent], { ...patience, deadlineMs: 10_000, input: 'action=metadata\n' });
      if (said.kind !== 'exited') return failure(said);
      if (said.code === 0 && said.stdout.includes('<resource-agent')) return done(null);
      return refused(`it does not describe itself: ${describe(said)}`);
    },
  };
}
