// The fence command of the lab's gateways: `fence-client.ts SOCKET NODE`. Exit code 0 only when verified off.
import { connect } from 'node:net';
import { endpointOf } from './endpoint.ts';
import type { FenceAnswer } from './fence.ts';

const [, , socket = '', node = ''] = process.argv;
process.exitCode = 1;

const connection = connect(endpointOf(socket), () => connection.write(`${node}\n`));
let text = '';
connection.on('data', (chunk: Buffer) => {
  text += chunk.toString();
});
connection.on('error', (error) => console.error(String(error)));
connection.on('end', () => {
  const { proven, evidence, atLeastMs = 0 } = JSON.parse(text) as FenceAnswer;
  console.log(evidence);
  // The clock runs since this program was started.
  setTimeout(() => {
    process.exitCode = proven ? 0 : 1;
  }, Math.max(0, atLeastMs - performance.now()));
});
