// name@version → machine: the only list of machines.
import { diskIntents } from './disk/intents.ts';
import { diskMachine } from './disk/disk.machine.ts';
import { diskPathIntents } from './disk-path/intents.ts';
import { diskPathMachine } from './disk-path/disk-path.machine.ts';
import { exclusionIntents } from './exclusion/intents.ts';
import { exclusionMachine } from './exclusion/exclusion.machine.ts';
import type { IntentTable } from './intent.ts';
import { nodeIntents } from './node/intents.ts';
import { nodeMachine } from './node/node.machine.ts';

/** A change that alters how an old journal replays needs a new version here. */
export const machines = {
  'disk-path': { version: 1, machine: diskPathMachine, intents: diskPathIntents as IntentTable },
  disk: { version: 1, machine: diskMachine, intents: diskIntents as IntentTable },
  node: { version: 1, machine: nodeMachine, intents: nodeIntents as IntentTable },
  exclusion: { version: 1, machine: exclusionMachine, intents: exclusionIntents as IntentTable },
} as const;

export type MachineName = keyof typeof machines;
export const machineNames = Object.keys(machines) as readonly MachineName[];
