// Initiators that are connected to a server of the gateway and say nothing, in a world of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { socketConnections } from '../../../adapters/connections/sockets.ts';
import { createWorld, ended, mustOf } from './world.ts';

export const port = 3_260;

interface Program {
  readonly child: ChildProcess;
  /** Its next line. */
  said(): Promise<string>;
}

const listens = `const server = require('net').createServer((socket) => socket.on('error', () => {}));
  server.listen(${port}, process.argv[1], () => console.log('listens'));`;
const connects = `const socket = require('net').connect(${port}, process.argv[1], () => console.log('connected'));
  socket.on('error', ({ code }) => console.log(code)).on('end', () => console.log('end'));`;

/** The gateway has 10.9.0.1 and fd00::1, the initiators 10.9.0.2 and fd00::2. */
export async function idleInitiators() {
  const world = await createWorld();
  const must = mustOf(world.gateway);
  await must('ip addr add 10.9.0.1/24 dev eth0');
  await must('ip addr add fd00::1/64 dev eth0 nodad');
  await mustOf(world.initiator)('ip addr add fd00::2/64 dev eth0 nodad');
  const servers = new Map<string, Program>();
  const clients: Program[] = [];
  const end = async ({ child }: Program): Promise<void> => ended(child);

  return {
    world,
    must,
    own: socketConnections({ run: world.gateway }),
    async connect(ip: string): Promise<Program> {
      if (!servers.has(ip)) servers.set(ip, await start(world.gatewayPrefix, listens, ip, 'listens'));
      const client = await start(world.initiatorPrefix, connects, ip, 'connected');
      clients.push(client);
      return client;
    },
    /** The program at the portal is killed, as when its host loses its power. */
    async endServer(ip: string): Promise<void> {
      const server = servers.get(ip);
      servers.delete(ip);
      if (server !== undefined) await end(server);
    },
    async endAll(): Promise<void> {
      for (const program of [...servers.values(), ...clients.splice(0)]) await end(program);
      servers.clear();
    },
    close: () => world.close(),
  };
}

/** A program of ours in a namespace, that has said its first line. */
async function start(prefix: readonly string[], script: string, ip: string, first: string): Promise<Program> {
  const [program, ...argv] = [...prefix, process.execPath, '-e', script, ip];
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (): Promise<string> => String((await lines.next()).value);
  const answer = await said();
  if (answer === first) return { child, said };
  await ended(child);
  throw new Error(`${ip}: ${answer} instead of ${first}`);
}
