// The least that a watcher can be: node:http, one blocking query after another, and JSON.parse.
import { Agent, get } from 'node:http';

const [consul = '', prefix = ''] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
let index = 0;

function again(): void {
  get(`${consul}/v1/kv/${prefix}?recurse&wait=5s&index=${String(index)}`, { agent }, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => {
      JSON.parse(Buffer.concat(parts).toString());
      index = Number(response.headers['x-consul-index']);
      again();
    });
  });
}

again();
