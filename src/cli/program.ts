// All commands, by noun and verb.
import { Command } from 'commander';
import { agent } from './commands/agent.ts';
import { configCheck } from './commands/config-check.ts';
import { configReferenceCommand } from './commands/config-reference.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { diskAdd } from './commands/disk-add.ts';
import { diskImport } from './commands/disk-import.ts';
import { diskList } from './commands/disk-list.ts';
import { diskRemove } from './commands/disk-remove.ts';
import { diskShow } from './commands/disk-show.ts';
import { diskStart } from './commands/disk-start.ts';
import { diskStop } from './commands/disk-stop.ts';
import { events } from './commands/events.ts';
import { journalCompact } from './commands/journal-compact.ts';
import { journalExport } from './commands/journal-export.ts';
import { journalInfo } from './commands/journal-info.ts';
import { journalVerify } from './commands/journal-verify.ts';
import { machineList } from './commands/machine-list.ts';
import { machineShow } from './commands/machine-show.ts';
import { maintenanceOff } from './commands/maintenance-off.ts';
import { maintenanceOn } from './commands/maintenance-on.ts';
import { maintenanceStatus } from './commands/maintenance-status.ts';
import { nodeConfirmDown } from './commands/node-confirm-down.ts';
import { nodeDrain } from './commands/node-drain.ts';
import { nodeList } from './commands/node-list.ts';
import { nodeUndrain } from './commands/node-undrain.ts';
import { pathExplain } from './commands/path-explain.ts';
import { pathList } from './commands/path-list.ts';
import { pathRelease } from './commands/path-release.ts';
import { pathShow } from './commands/path-show.ts';
import { pathTimeline } from './commands/path-timeline.ts';
import { replay } from './commands/replay.ts';
import { version } from './commands/version.ts';
import { withExample } from './context.ts';
import type { Shell } from './shell.ts';

type Build = (shell: Shell) => Command;

export function buildProgram(shell: Shell): Command {
  const about = 'Keeps every path of every iSCSI disk served by exactly one healthy gateway node';
  const program = withExample(new Command('pathwarden').description(about), 'pathwarden path list --watch');
  program.addCommand(agent(shell));
  const disk = [diskAdd, diskImport, diskStart, diskStop, diskRemove, diskList, diskShow];
  program.addCommand(noun(shell, 'disk', 'Disks and their desired state', disk));
  const path = [pathList, pathShow, pathExplain, pathTimeline, pathRelease];
  program.addCommand(noun(shell, 'path', 'Paths: who serves them, and why', path));
  const node = [nodeList, nodeDrain, nodeUndrain, nodeConfirmDown];
  program.addCommand(noun(shell, 'node', 'Gateway nodes', node));
  const maintenance = [maintenanceStatus, maintenanceOn, maintenanceOff];
  program.addCommand(noun(shell, 'maintenance', 'Planned work: nobody is fenced meanwhile', maintenance));
  program.addCommand(events(shell));
  const journal = [journalInfo, journalExport, journalVerify, journalCompact];
  program.addCommand(noun(shell, 'journal', 'Journal files', journal));
  program.addCommand(noun(shell, 'machine', 'The state machines', [machineList, machineShow]));
  program.addCommand(noun(shell, 'config', 'The configuration file', [configCheck, configReferenceCommand]));
  program.addCommand(doctor(shell));
  program.addCommand(replay(shell));
  program.addCommand(demo(shell));
  program.addCommand(version(shell));
  everyCommand(program, (command) => {
    // Commander's own lines go through ours, so that errors look the same everywhere.
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        shell.terminal.print(text.trimEnd());
      },
      writeErr: () => undefined,
    });
  });
  return program;
}

function noun(shell: Shell, name: string, description: string, verbs: readonly Build[]): Command {
  const command = new Command(name).description(description);
  for (const verb of verbs) command.addCommand(verb(shell));
  const [first] = command.commands;
  return withExample(command, `pathwarden ${name} ${first?.name() ?? ''} --help`);
}

export function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const inner of command.commands) everyCommand(inner, visit);
}
