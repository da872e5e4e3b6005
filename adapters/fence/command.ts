// Fencing by a program of the operator's choice. Exit code 0 is proof, everything else is not.
import type { FencePort } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import { describe, failure, type Run } from '../run.ts';

const evidenceCharactersMax = 200;

/** `argv` may hold `{node}` and `{session}`; each element is filled in by itself, nothing is split or expanded. */
export function commandFence(settings: { run: Run; argv: readonly string[] }): FencePort {
  const secrets = settings.argv.slice(1).flatMap(mayBeSecret);
  return {
    async fence(victim, options) {
      const argv = settings.argv.map((part) =>
        part.replaceAll(/\{(node|session)\}/g, (_, name: 'node' | 'session') => victim[name]),
      );
      const result = await settings.run(argv, { ...options, hidesArguments: true, secrets });
      if (result.kind !== 'exited') return failure(result);
      if (result.code !== 0) return refused(`not proven: ${describe(result)}`);
      const evidence = result.stdout.split('\n', 1)[0]?.trim().slice(0, evidenceCharactersMax) ?? '';
      return done({ evidence: evidence === '' ? `${argv[0]} exited 0 after ${result.durationMs} ms` : evidence });
    },
  };
}

/** Shorter ones are words and numbers that would be missed in every message. */
const secretCharactersMin = 6;

/** An argument may be a password, whatever it is called, and programs quote their arguments when they fail. */
function mayBeSecret(argument: string): readonly string[] {
  const value = argument.startsWith('-') ? argument.slice(argument.indexOf('=') + 1 || argument.length) : argument;
  const isPlain = /[{\s]|^\//.test(value) || value.length < secretCharactersMin;
  return isPlain ? [] : [value];
}
