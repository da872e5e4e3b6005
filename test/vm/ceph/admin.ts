// Runs beside Ceph on the host: does there what the machine asks for, at an address that Ceph does not refuse.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { adminPort, type Ended } from './admin-client.ts';

/** Ceph's own programs wait for ever. */
const withinMs = 120_000;

const [conf = '', address = ''] = process.argv.slice(2);

createServer((request, response) => {
  void json(request)
    .then((argv) => run(argv as readonly string[]))
    .then((ended) => response.end(JSON.stringify(ended)));
}).listen(adminPort, address);

async function run([program = '', ...argv]: readonly string[]): Promise<Ended> {
  if (program === 'osd') return signalOsd(argv[0] === 'freeze' ? 'SIGSTOP' : 'SIGCONT');
  if (program !== 'ceph' && program !== 'rbd') return { isGood: false, output: `${program} is not for me` };
  const { promise, resolve } = Promise.withResolvers<Ended>();
  execFile(program, ['--conf', conf, ...argv], { timeout: withinMs }, (error, stdout, stderr) => {
    resolve({ isGood: error === null, output: error === null ? stdout : `${error.message} ${stderr}` });
  });
  return promise;
}

/** The storage hangs, or goes on. */
function signalOsd(signal: NodeJS.Signals): Ended {
  process.kill(Number(readFileSync(join(dirname(conf), 'osd.0.pid'), 'utf8')), signal);
  return { isGood: true, output: '' };
}
