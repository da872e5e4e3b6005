// Commands of iproute2 and sysctl that change something.
import { type CallOptions, done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import { failure, type Run } from '../run.ts';

/** `refused` when the kernel said no, `unknown` when the program ended in a way that says nothing. */
export async function change(run: Run, argv: readonly string[], options: CallOptions): Promise<Outcome> {
  const result = await run(argv, options);
  if (result.kind === 'exited' && result.code === 0) return done(null);
  if (result.kind === 'exited' && result.code > 2) return unknown(failure(result).reason);
  return failure(result);
}
