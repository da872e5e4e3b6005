// name@version → machine: the only list of machines.
import type { AnyStateMachine } from 'xstate';
import { diskIntents } from './disk/intents.ts';
import { diskMachine } from './disk/disk.machine.ts';
import { diskPathIntents } from './disk-path/intents.ts';
import { diskPathMachine } from './disk-path/disk-path.machine.ts';
import { exclusionIntents } from './exclusion/intents.ts';
import { exclusionMachine } from './exclusion/exclusion.machine.ts';
import type { FormerMachine } from './former.ts';
import type { IntentTable } from './intent.ts';
import { nodeIntents } from './node/intents.ts';
import { nodeMachine } from './node/node.machine.ts';

/**
 * A change that alters how an old journal replays needs a new version here, and what it was goes to `former`, oldest
 * first: docs/decisions/0013-old-records-by-old-machines.md
 */
export const machines = {
  'disk-path': { version: 1, machine: diskPathMachine, intents: diskPathIntents },
  disk: { version: 1, machine: diskMachine, intents: diskIntents },
  node: { version: 1, machine: nodeMachine, intents: nodeIntents },
  exclusion: { version: 1, machine: exclusionMachine, intents: exclusionIntents },
} as const satisfies Readonly<Record<string, Registered>>;

export interface Registered {
  readonly version: number;
  readonly machine: AnyStateMachine;
  readonly intents: IntentTable;
  readonly former?: readonly FormerMachine[];
}

export type MachineName = keyof typeof machines;
export const machineNames = Object.keys(machines) as readonly MachineName[];
