// Answers commands from a list and keeps what was asked.
import type { Run, RunOptions, RunResult } from '../../adapters/run.ts';

export interface Recording {
  readonly run: Run;
  readonly asked: { readonly argv: string; readonly options: RunOptions }[];
}

type Answer = Partial<Extract<RunResult, { kind: 'exited' }>> | 'unknown' | 'interrupted' | 'missing';

/** `answers`: the beginning of an argv → what it gives; the longest match counts, the rest exits 0 in silence. */
export function recordingRunner(answers: Readonly<Record<string, Answer>> = {}): Recording {
  const asked: Recording['asked'] = [];
  const run: Run = async (argv, options) => {
    const command = argv.join(' ');
    asked.push({ argv: command, options });
    const matches = Object.keys(answers).filter((start) => command.startsWith(start));
    const answer = answers[matches.toSorted((a, b) => b.length - a.length)[0] ?? ''] ?? {};
    const facts = { command, durationMs: 1 };
    if (answer === 'unknown') return { kind: 'unknown', reason: 'no answer before its deadline', ...facts };
    if (answer === 'interrupted') return { kind: 'unknown', reason: 'ended by SIGINT', ...facts };
    if (answer === 'missing') return { kind: 'missing', program: argv[0] ?? '', ...facts };
    return { kind: 'exited', code: 0, stdout: '', stderr: '', ...facts, ...answer };
  };
  return { run, asked };
}
