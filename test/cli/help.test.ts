import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { examplesOf } from '../../src/cli/context.ts';
import { buildProgram, everyCommand } from '../../src/cli/program.ts';
import { cliReference } from '../../src/cli/reference.ts';
import { errorCodes } from '../../src/errors.ts';
import { bench, fakeTerminal } from './fake-terminal.ts';

const commands: Command[] = [];
everyCommand(buildProgram({ terminal: fakeTerminal(), exitCode: 0 }), (command) => commands.push(command));
const leaves = commands.filter((command) => command.commands.length === 0);

function wordsOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...wordsOf(command.parent), command.name()];
}

test('the commands are those that were promised', () => {
  expect(leaves.map((command) => wordsOf(command).join(' '))).toEqual([
    'agent',
    'disk add',
    'disk import',
    'disk start',
    'disk stop',
    'disk remove',
    'disk list',
    'disk show',
    'path list',
    'path show',
    'path explain',
    'path timeline',
    'path release',
    'node list',
    'node drain',
    'node undrain',
    'node confirm-down',
    'maintenance status',
    'maintenance on',
    'maintenance off',
    'events',
    'journal info',
    'journal export',
    'journal verify',
    'journal compact',
    'machine list',
    'machine show',
    'config check',
    'config reference',
    'doctor',
    'replay',
    'demo',
    'version',
  ]);
});

test.each(commands.map((command) => [['pathwarden', ...wordsOf(command)].join(' '), command] as const))(
  '%s --help ends with an example of itself',
  async (name, command) => {
    const { pathwarden } = await bench();
    const { code, out } = await pathwarden(`${wordsOf(command).join(' ')} --help`);
    expect(code).toBe(0);
    expect(out).toMatch(/\nExample:\n {2}\$ pathwarden /);
    for (const example of examplesOf(command)) expect(example.startsWith(name)).toBe(true);
    expect(command.description()).not.toBe('');
  },
);

test('every read that can change can be watched, and every command that prints has --json', () => {
  const flags = (command: Command) => command.options.map((option) => option.long);
  for (const name of ['disk list', 'disk show', 'path list', 'path show', 'node list']) {
    const command = leaves.find((leaf) => wordsOf(leaf).join(' ') === name);
    expect(command === undefined ? [] : flags(command)).toContain('--watch');
  }
  const without = leaves.filter((leaf) => !flags(leaf).includes('--json')).map((leaf) => leaf.name());
  expect(without).toEqual(['agent']);
});

test('every change can be waited for and explained, and every one that interrupts service can be forced', () => {
  const changes = leaves.filter((leaf) => leaf.options.some((option) => option.long === '--wait'));
  expect(changes.map((leaf) => leaf.name())).toEqual([
    'add',
    'import',
    'start',
    'stop',
    'remove',
    'release',
    'drain',
    'undrain',
    'confirm-down',
    'on',
    'off',
  ]);
  const forced = changes.filter((leaf) => leaf.options.some((option) => option.long === '--force'));
  expect(forced.map((leaf) => leaf.name())).toEqual(['stop', 'remove', 'release', 'drain', 'confirm-down', 'on']);
});

test('the committed reference is what the commands make (when stale: npm run docs)', async () => {
  expect(await readFile(new URL('../../docs/reference/cli.md', import.meta.url), 'utf8')).toBe(cliReference());
});

test('the reference has the exit code of every error', () => {
  const text = cliReference();
  for (const code of errorCodes) expect(text).toContain(`| \`${code}\` |`);
});
