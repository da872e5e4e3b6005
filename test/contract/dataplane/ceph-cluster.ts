// A real Ceph in a folder, on loopback: one monitor, one manager, two OSDs. Clients come from whichever 127.0.0.x.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { createRunner, describe } from '../../../adapters/run.ts';

const patience = { deadlineMs: 60_000 };
const run = createRunner();
const osds = [0, 1];

/** In CI their absence is a failure, not a reason to skip. */
export function cephMissing(): boolean {
  const tools = ['ceph', 'ceph-mon', 'ceph-mgr', 'ceph-osd', 'rbd', 'monmaptool'];
  const missing = tools.some((tool) => !existsSync(`/usr/bin/${tool}`));
  const required = process.env['CI'] !== undefined || process.env['PATHWARDEN_REQUIRE_REAL'] === '1';
  const packages = 'ceph-mon ceph-osd ceph-mgr ceph-common';
  if (missing && required) throw new Error(`the Debian packages ${packages} are not installed`);
  return missing;
}

export interface CephCluster {
  readonly conf: string;
  /** A Ceph user; its key lies where the configuration says. */
  addUser(id: string, caps: readonly string[]): Promise<void>;
  /** Runs as client.admin and answers with what it printed. */
  must(program: string, ...argv: string[]): Promise<string>;
  /** A client at that address which writes to the image without an end. It writes when this returns. */
  startWriter(image: string, ip: string): Promise<Writer>;
  signalOsd(osd: number, signal: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

export interface Writer {
  readonly ended: Promise<number | null>;
  stop(): void;
}

export async function startCeph(): Promise<CephCluster> {
  const folder = await mkdtemp('/tmp/pathwarden-ceph-');
  const conf = `${folder}/ceph.conf`;
  const address = await startAddress();
  await writeFile(conf, confOf(folder, address.port));
  const must = async (program: string, ...argv: string[]): Promise<string> => {
    const result = await run([program, '--conf', conf, ...argv], patience);
    if (result.kind !== 'exited' || result.code !== 0) throw new Error(describe(result));
    return result.stdout;
  };
  const addUser = async (id: string, caps: readonly string[]): Promise<void> => {
    await must('ceph', 'auth', 'get-or-create', `client.${id}`, ...caps, '-o', `${folder}/client.${id}.keyring`);
  };
  const signalOsd = async (osd: number, signal: NodeJS.Signals): Promise<void> => {
    process.kill(Number(await readFile(`${folder}/osd.${osd}.pid`, 'utf8')), signal);
  };
  const close = async (): Promise<void> => {
    for (const name of ['osd.0', 'osd.1', 'mgr.x', 'mon.a']) {
      const pid = Number(await readFile(`${folder}/${name}.pid`, 'utf8').catch(() => '0'));
      if (pid > 0) process.kill(pid, 'SIGKILL');
    }
    address.server.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await startMonitor(folder, must, address);
    await Promise.all([startManager(folder, must), ...osds.map((id) => startOsd(folder, id, must))]);
    await must('ceph', 'osd', 'pool', 'create', 'rbd', '8');
    await must('rbd', 'pool', 'init', 'rbd');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    conf,
    addUser,
    must,
    signalOsd,
    close,
    startWriter: (image, ip) => startWriter({ conf, image, ip, address, must }),
  };
}

type Must = CephCluster['must'];

/**
 * What clients know as the monitor. A client takes for its own the address from which its first connection arrives at
 * a monitor, and binds to it from then on, so it can be told here which one it has.
 */
interface Address {
  readonly server: Server;
  readonly port: number;
  monitorPort: number;
  clientIp: string;
}

async function startAddress(): Promise<Address> {
  const server = createServer((client) => {
    const monitor = connect({ host: '127.0.0.1', port: address.monitorPort, localAddress: address.clientIp });
    client.pipe(monitor).pipe(client);
    for (const [end, other] of [[client, monitor], [monitor, client]] as const) {
      end.on('error', () => other.destroy());
      end.on('close', () => other.destroy());
    }
  });
  const address: Address = { server, port: await listening(server), monitorPort: 0, clientIp: '127.0.0.1' };
  return address;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const at = server.address();
  return typeof at === 'object' && at !== null ? at.port : 0;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startMonitor(folder: string, must: Must, address: Address): Promise<void> {
  const [keyring, map] = [`${folder}/keyring`, `${folder}/monmap`];
  const fsid = /fsid = (\S+)/.exec(await readFile(`${folder}/ceph.conf`, 'utf8'))?.[1] ?? '';
  const everything = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
  await must('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  await must('ceph-authtool', keyring, '--gen-key', '-n', 'client.admin', ...everything);
  await must('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', `[v2:127.0.0.1:${address.port}]`, map);
  await must('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
  address.monitorPort = await freePort();
  await must('ceph-mon', '-i', 'a', '--public-bind-addr', `v2:127.0.0.1:${address.monitorPort}`);
}

async function startManager(folder: string, must: Must): Promise<void> {
  const keyring = `${folder}/mgr.x/keyring`;
  await mkdir(`${folder}/mgr.x`);
  await must('ceph', 'auth', 'get-or-create', 'mgr.x', 'mon', 'allow profile mgr', 'osd', 'allow *', '-o', keyring);
  await must('ceph-mgr', '-i', 'x', '--keyring', keyring);
}

async function startOsd(folder: string, id: number, must: Must): Promise<void> {
  const [uuid, keyring] = [randomUUID(), `${folder}/osd.${id}/keyring`];
  await mkdir(`${folder}/osd.${id}`);
  await must('ceph', 'osd', 'new', uuid, String(id));
  const caps = ['mon', 'allow profile osd', 'mgr', 'allow profile osd', 'osd', 'allow *'];
  await must('ceph', 'auth', 'get-or-create', `osd.${id}`, ...caps, '-o', keyring);
  await must('ceph-osd', '-i', String(id), '--mkfs', '--osd-uuid', uuid, '--keyring', keyring);
  await must('ceph-osd', '-i', String(id), '--keyring', keyring);
}

interface WriterSettings {
  readonly conf: string;
  readonly image: string;
  readonly ip: string;
  readonly address: Address;
  readonly must: Must;
}

async function startWriter({ conf, image, ip, address, must }: WriterSettings): Promise<Writer> {
  address.clientIp = ip;
  const sizes = ['--io-size', '4096', '--io-threads', '1', '--io-total', '1T'];
  const settings = ['--conf', conf, '--ms_bind_before_connect=true', '--rbd_cache=false'];
  const child: ChildProcess = spawn('rbd', ['bench', '--io-type', 'write', ...sizes, image, ...settings], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  // Its first line of figures: by then it has opened the image and written.
  for await (const text of child.stdout ?? []) if (/^ +\d+ +\d+/m.test(String(text))) break;
  child.stdout?.resume();
  address.clientIp = '127.0.0.1';
  const watchers = await must('rbd', 'status', image, '--format', 'json');
  if (!watchers.includes(`"${ip}:0/`)) throw new Error(`the writer is not at ${ip}: ${watchers}`);
  return { ended, stop: () => child.kill('SIGKILL') };
}

const confOf = (folder: string, port: number): string => `[global]
fsid = ${randomUUID()}
run dir = ${folder}
log file = /dev/null
pid file = ${folder}/$name.pid
admin socket = ${folder}/$name.$pid.asok
keyring = ${folder}/$name.keyring,${folder}/keyring
mon host = v2:127.0.0.1:${port}
public addr = 127.0.0.1
auth allow insecure global id reclaim = false
mon allow pool size one = true
osd pool default size = 1
osd crush chooseleaf type = 0
osd memory target = 939524096
rbd default features = 1
[mon]
mon data = ${folder}/mon.$id
mon cluster log file = /dev/null
mon osd min down reporters = 1
mon osd adjust heartbeat grace = false
[osd]
osd data = ${folder}/osd.$id
bluestore block size = 1073741824
osd heartbeat interval = 1
osd heartbeat grace = 4
[mgr]
mgr data = ${folder}/mgr.$id
`;
