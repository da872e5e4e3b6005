// Loaded into each daemon of the demo before anything else: it must not outlive whoever started the demo,
// however that ends. The standard input is a pipe from there, and it closes with its other end.
import { isMainThread } from 'node:worker_threads';

// Threads of the daemon load this too; their standard input is none.
if (isMainThread) {
  const { stdin } = process;
  const end = (): void => void process.kill(process.pid, 'SIGKILL');
  stdin.once('close', end).once('error', end).resume();
  // The daemon decides itself when it has nothing left to do.
  if ('unref' in stdin) stdin.unref();
}
