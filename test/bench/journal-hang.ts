// A daemon whose journal disk hangs for 30 s and whose paths must be torn down meanwhile: does its event loop notice?
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { type Disk, disksMissing, makeDisk } from '../trouble/disk.ts';
import type { Question, Window } from './journal-hang-process.ts';
import type { Result } from './report.ts';

const program = new URL('./journal-hang-process.ts', import.meta.url).pathname;
const hangMs = 30_000;
const barMs = 50;

export async function benchHang(): Promise<Result> {
  const why = disksMissing();
  if (why !== null) return { figures: [], skipped: [`a journal disk that hangs: ${why}`] };
  const disk = await makeDisk(64);
  const child = fork(program, [`${disk.folder}/journal.db`]);
  try {
    return compare(...(await measure(disk, child)));
  } finally {
    await disk.thaw();
    const gone = once(child, 'exit');
    if (child.exitCode === null && child.kill('SIGKILL')) await gone;
    await disk.remove();
  }
}

/** The same loss of the session twice: while the disk answers, and while it hangs. */
async function measure(disk: Disk, child: ChildProcess): Promise<[calm: Window, hung: Window]> {
  await ask(child, { what: 'serve' });
  const calm = await ask(child, { what: 'tear down', forMs: hangMs });
  await ask(child, { what: 'serve' });
  await disk.freeze();
  const hung = await ask(child, { what: 'tear down', forMs: hangMs });
  await disk.thaw();
  // Whatever was not written follows, and the paths are taken again.
  await ask(child, { what: 'serve' });
  return [calm, hung];
}

async function ask(child: ChildProcess, question: Question): Promise<Window> {
  const gone = once(child, 'exit').then(() => {
    throw new Error(`the daemon ended when it was asked to ${question.what}`);
  });
  gone.catch(() => undefined);
  child.send(question);
  const [answer] = (await Promise.race([once(child, 'message'), gone])) as [Window | string];
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
}

function compare(calm: Window, hung: Window): Result {
  if (hung.troubleSaid === 0) throw new Error('the disk did not hang: the journal was written all the time');
  const what = 'the same teardown in the same daemon while the disk answers';
  const { paths, unwritten } = hung;
  return {
    figures: [
      {
        name: 'event loop with a hanging disk, p99',
        value: hung.p99Ms, unit: 'ms', bar: { atMost: barMs }, baseline: { value: calm.p99Ms, what },
        facts: { hangMs, p999Ms: hung.p999Ms, maxMs: hung.maxMs, baselineMaxMs: calm.maxMs },
      },
      {
        name: 'event loop during the teardown, p99',
        value: hung.tearing.p99Ms, unit: 'ms', bar: { atMost: barMs },
        baseline: { value: calm.tearing.p99Ms, what },
        facts: { maxMs: hung.tearing.maxMs },
      },
      {
        name: `${String(paths)} paths torn down with a hanging disk`,
        value: hung.tornDownMs, unit: 'ms', bar: { atMost: hangMs }, baseline: { value: calm.tornDownMs, what },
        facts: { paths, unwritten },
      },
    ],
  };
}
