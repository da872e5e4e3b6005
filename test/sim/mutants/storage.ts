// Mistakes about a storage that refuses nodes.
import type { Mutant } from './mutant.ts';

export const storageMutants: readonly Mutant[] = [
  {
    name: 'clears-before-teardown',
    about: 'a lost node has the storage take it again before it has torn anything down',
    patches: [{
      file: 'machines/node/node.machine.ts',
      find: 'entry: [fencePaths, prove],',
      replace: "entry: [fencePaths, prove, { type: 'storage.clear', params: {} }],",
    }, {
      file: 'src/daemon/effects/storage.ts',
      find: 'if (held !== null) return refused(held);',
      replace: 'if (held !== "") return removeAll(parts.storageFences ?? [], options);',
    }],
  },
  {
    name: 'serves-uncleared',
    about: 'a node that the storage refuses joins all the same',
    patches: [{
      file: 'machines/node/clearing.ts',
      find: "{ guard: 'isRefusedThere', target: 'clearing' },",
      replace: "{ guard: 'isRefusedThere', target: 'joining' },",
    }],
  },
  {
    name: 'late-refusal-unnoticed',
    about: 'a node that serves does not look whether the storage refuses it',
    patches: [{
      file: 'src/daemon/storage-rounds.ts',
      find: 'if (session === null) return;',
      replace: 'if (session !== "") return;',
    }],
  },
];
