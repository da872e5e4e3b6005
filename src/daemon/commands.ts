// Which commands ran for which intent, and how each ended: what "why" is answered with when one failed or was slow.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Json } from '../../machines/intent.ts';

/** A command that ended. `code` is null when it did not exit by itself. Secrets are removed from it already. */
export interface CommandRun {
  readonly command: string;
  readonly code: number | null;
  readonly durationMs: number;
}

// Adapters do not know for which intent they work, and most of them run no command at all.
const running = new AsyncLocalStorage<CommandRun[]>();

/** Called for every command, wherever it runs. */
export const noteCommand = (run: CommandRun): void => void running.getStore()?.push(run);

export async function withCommands<T>(work: () => Promise<T>): Promise<{ result: T; commands: readonly CommandRun[] }> {
  const commands: CommandRun[] = [];
  const result = await running.run(commands, work);
  return { result, commands: [...commands] };
}

/** A record must stay small: the first words say what a command was about. */
const commandCharactersMax = 80;
const commandsMax = 8;

/** The last ones, as they stand in an event. */
export const inEvent = (commands: readonly CommandRun[]): Json =>
  commands.slice(-commandsMax).map(({ command, code, durationMs }) => ({
    command: command.slice(0, commandCharactersMax),
    code,
    tookMs: durationMs,
  }));
