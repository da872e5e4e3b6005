// A disk that becomes known to the cluster, wherever its description came from.
import type { DiskSpec } from '../core/records.ts';
import { carryOut, type ChangeOptions } from './change.ts';
import type { Terminal } from './terminal.ts';

/** `done`: what happened to the disk, `added`. Resolves to the exit code. */
export async function addDisk(
  terminal: Terminal,
  options: ChangeOptions,
  { id, spec, done }: { readonly id: string; readonly spec: DiskSpec; readonly done: string },
): Promise<number> {
  const starts = spec.desired === 'started';
  return await carryOut(terminal, options, {
    actor: `disk/${id}`,
    event: { type: 'operator.add', spec },
    question: null,
    settled: ({ disks }) => {
      const disk = disks.find((one) => one.disk === id);
      return disk !== undefined && (!starts || disk.status === 'started');
    },
    achieved: starts ? `disk ${id} is started` : `disk ${id} is ${done}; start it with \`pathwarden disk start ${id}\``,
    undo: `${starts ? `pathwarden disk stop ${id} && ` : ''}pathwarden disk remove ${id}`,
  });
}
