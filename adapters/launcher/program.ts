// Started by launcher.ts: runs what it is told and answers, until the process that started it is gone.
import { createRunner } from '../run.ts';
import type { Reply, Request } from './protocol.ts';

const run = createRunner();
const callers = new Map<number, AbortController>();

process.on('message', (request: Request) => {
  if ('callOff' in request) callers.get(request.id)?.abort();
  else void answer(request);
});

// Whoever stops the daemon with its whole group still wants it to finish: it needs programs for that.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit(0));

async function answer({ id, argv, options }: Extract<Request, { argv: readonly string[] }>): Promise<void> {
  const caller = new AbortController();
  callers.set(id, caller);
  const result = await run(argv, { ...options, signal: caller.signal });
  callers.delete(id);
  const reply: Reply = { id, result };
  if (process.connected) process.send?.(reply);
}
