// When something fails inside: the last lines of every log, since the machine takes them with it.
import { globSync, readFileSync } from 'node:fs';

const lines = 30;

/** Runs it; when it fails, says the ends of the logs below these folders first. */
export async function sayingLogs<T>(folders: readonly string[], attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    sayLogs(folders);
    throw error;
  }
}

/** Says the ends of the logs below these folders. */
export function sayLogs(folders: readonly string[]): void {
  for (const file of folders.flatMap((folder) => globSync(`${folder}/**/*.log`))) {
    const end = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
    console.log([`--- ${file}`, ...end].join('\n'));
  }
}
