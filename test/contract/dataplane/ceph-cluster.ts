// A real Ceph in a folder, on loopback: one monitor, one manager, two OSDs. Clients come from whichever 127.0.0.x.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { createRunner } from '../../../adapters/run.ts';
import { cephConf, startCephDaemons } from '../../lab/ceph/daemons.ts';
import { leftOut, missingPrograms } from '../../left-out.ts';
import { freePorts } from '../consul/agents.ts';
import { mustOf } from './world.ts';

const patience = { deadlineMs: 60_000 };
const onHost = mustOf(createRunner(), patience);
const osds = [0, 1];
/** So that a client has one address for all that it talks to. */
const bindFirst = '[client.gateway]\nms bind before connect = true\n';

/** Debian's ceph-mon, ceph-osd, ceph-mgr and ceph-common. */
export const cephMissing = (): boolean =>
  leftOut('a real Ceph', missingPrograms('ceph', 'ceph-mon', 'ceph-mgr', 'ceph-osd', 'rbd', 'monmaptool')) !== null;

export interface CephCluster {
  readonly conf: string;
  /** A Ceph user; its key lies where the configuration says. */
  addUser(id: string, caps: readonly string[]): Promise<void>;
  /** Runs as client.admin and answers with what it printed. */
  must(program: string, ...argv: string[]): Promise<string>;
  /** A client at that address which writes to the image without an end. It writes when this returns. */
  startWriter(image: string, ip: string): Promise<Writer>;
  /** Clients of the user `gateway` that are started meanwhile are at that address. */
  at<T>(ip: string, work: () => Promise<T>): Promise<T>;
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
  const place = { folder, ip: '127.0.0.1', port: address.port };
  await writeFile(conf, cephConf(place) + bindFirst);
  const must = (program: string, ...argv: string[]): Promise<string> => onHost(program, '--conf', conf, ...argv);
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
    [address.monitorPort = 0] = await freePorts(1);
    await startCephDaemons({ ...place, must, monitorPort: address.monitorPort, osds });
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
    async at(ip, work) {
      address.clientIp = ip;
      try {
        return await work();
      } finally {
        address.clientIp = '127.0.0.1';
      }
    },
    startWriter: (image, ip) => startWriter({ conf, image, ip, address, must }),
  };
}

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

interface WriterSettings {
  readonly conf: string;
  readonly image: string;
  readonly ip: string;
  readonly address: Address;
  readonly must: CephCluster['must'];
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
