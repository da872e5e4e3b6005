// Block devices made of files.
import { createRunner } from '../../../adapters/run.ts';
import { mustOf } from './world.ts';

export function loopDevices() {
  const must = mustOf(createRunner());
  const open: string[] = [];
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
