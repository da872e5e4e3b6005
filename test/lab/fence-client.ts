// The fence command of the lab's gateways: `fence-client.ts SOCKET NODE`. Exit code 0 only when verified off.
import { connect } from 'node:net';
import type { FenceAnswer } from './fence.ts';

const [, , socket = '', node = ''] = process.argv;
process.exitCode = 1;

const connection = connect(socket, () => connection.write(`${node}\n`));
let text = '';
connection.on('data', (chunk: Buffer) => {
  text += chunk.toString();
});
connection.on('error', (error) => console.error(String(error)));
connection.on('end', () => {
  const answer = JSON.parse(text) as FenceAnswer;
  console.log(answer.evidence);
  process.exitCode = answer.proven ? 0 : 1;
});
