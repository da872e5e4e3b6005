// Reads: printed once, or again and again with --watch.
import { setTimeout as pause } from 'node:timers/promises';
import { type ReadOptions } from './context.ts';
import { ok } from './output.ts';
import type { Terminal } from './terminal.ts';

export interface View {
  /** For programs. */
  readonly result: Readonly<Record<string, unknown>>;
  /** For people. */
  readonly text: string;
}

const redrawEveryMs = 1000;
const clearScreen = '\u001B[H\u001B[2J\u001B[3J';

export async function show(terminal: Terminal, options: ReadOptions, read: () => Promise<View>): Promise<void> {
  const rendered = async (): Promise<string> => {
    const view = await read();
    return options.json === true ? ok(view.result) : view.text;
  };
  const first = await rendered();
  if (options.watch !== true) {
    terminal.print(first);
    return;
  }
  await (terminal.interactive && options.json !== true
    ? redraw(terminal, first, rendered)
    : printChanges(terminal, first, rendered));
}

async function redraw(terminal: Terminal, first: string, rendered: () => Promise<string>): Promise<void> {
  const key = terminal.quitKey();
  const ended = AbortSignal.any([key.signal, terminal.ended]);
  try {
    let shown = first;
    let trouble = '';
    while (!ended.aborted) {
      terminal.print(`${clearScreen}${shown}\n${trouble}\nq ends`);
      await tick(ended);
      [shown, trouble] = await rendered().then(
        (text) => [text, ''],
        (error: unknown) => [shown, `\nout of date: ${messageOf(error)}`],
      );
    }
  } finally {
    key.done();
  }
}

/** A block for each change, so that a log or a program can follow. */
async function printChanges(terminal: Terminal, first: string, rendered: () => Promise<string>): Promise<void> {
  let shown = first;
  terminal.print(shown);
  let trouble = '';
  while (!terminal.ended.aborted) {
    await tick(terminal.ended);
    if (terminal.ended.aborted) return;
    try {
      const text = await rendered();
      trouble = '';
      if (text !== shown) terminal.print(text.includes('\n') ? `\n${text}` : text);
      shown = text;
    } catch (error) {
      if (terminal.ended.aborted) return;
      if (messageOf(error) !== trouble) terminal.printError(`pathwarden: ${messageOf(error)}`);
      trouble = messageOf(error);
    }
  }
}

const tick = (signal: AbortSignal): Promise<void> => pause(redrawEveryMs, undefined, { signal }).catch(() => undefined);
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
