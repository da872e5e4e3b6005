// Block devices made of files.
import { createRunner, describe } from '../../../adapters/run.ts';
import { patience } from './world.ts';

export function loopDevices() {
  const run = createRunner();
  const open: string[] = [];
  const must = async (...argv: string[]): Promise<string> => {
    const result = await run(argv, patience);
    if (result.kind !== 'exited' || result.code !== 0) throw new Error(describe(result));
    return result.stdout.trim();
  };
  return {
    async open(file: string): Promise<string> {
      const device = await must('losetup', '--find', '--show', file);
      open.push(device);
      return device;
    },
    /** The kernel reads again how large the file is. */
    async noticeSize(device: string): Promise<void> {
      await must('losetup', '--set-capacity', device);
    },
    async close(): Promise<void> {
      for (const device of open) await must('losetup', '--detach', device);
    },
  };
}
