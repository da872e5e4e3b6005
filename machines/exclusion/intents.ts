// Everything an exclusion can ask for.
import { timerIntents, type IntentTable } from '../intent.ts';

export const exclusionIntents = {
  'fence.run': {
    answer: { by: 'outcome', done: 'fence.proven' },
    lane: 'fence',
    serves: false,
    abortable: true,
    about: 'run a fence command against the lost node',
  },
  'exclusion.publish': {
    answer: { by: 'outcome', done: 'exclusion.published' },
    lane: 'publish',
    serves: false,
    abortable: false,
    about: 'write the result where every node sees it',
  },
  ...timerIntents,
} as const satisfies IntentTable;
