// Hosts of the lab: a network namespace each, joined by one bridge. Killing one kills its processes and its link.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { now, sleep } from './clock.ts';
import { run, tryRun } from './processes.ts';

const namespacePrefix = 'pwlab-';
const linkPrefix = 'pwl';
const prefixLength = 16;

export interface Host {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  /** A process that does nothing: it keeps the namespace readable through /proc and is never killed with the host. */
  holderPid: number;
  powered: boolean;
}

/** Gives an argv that runs on the host. */
export type Inside = Pick<Network, 'inside'>;

export class Network {
  readonly run = process.pid;
  readonly bridge = `${linkPrefix}${process.pid}b`;
  readonly hosts: Host[] = [];
  readonly #second: number;
  readonly #holders = new Map<string, ChildProcess>();

  private constructor(second: number) {
    this.#second = second;
  }

  /** Makes the bridge, with the lab itself attached to it. */
  static async open(): Promise<Network> {
    await removeLeftovers();
    const network = new Network(await freeSecondOctet());
    await run(['ip', 'link', 'add', network.bridge, 'type', 'bridge']);
    await run(['ip', 'addr', 'add', `${network.address(0, 1)}/${prefixLength}`, 'dev', network.bridge]);
    await run(['ip', 'link', 'set', network.bridge, 'up']);
    return network;
  }

  address(third: number, fourth: number): string {
    return `10.${this.#second}.${third}.${fourth}`;
  }

  /** The interface that hosts see, and the length of its subnet prefix. */
  readonly interface = 'eth0';
  readonly prefixLength = prefixLength;

  async add(name: string, fourth: number): Promise<Host> {
    const namespace = `${namespacePrefix}${this.run}-${name}`;
    const host: Host = { name, namespace, address: this.address(0, fourth), holderPid: 0, powered: true };
    this.hosts.push(host);
    await this.#build(host);
    return host;
  }

  /** argv that runs inside the host. */
  inside(host: Host, argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', host.namespace, ...argv];
  }

  /** Pids of everything that runs on the host, the holder left out. */
  async pids(host: Host): Promise<number[]> {
    const output = await run(['ip', 'netns', 'pids', host.namespace]);
    return output.split('\n').filter(Boolean).map(Number).filter((pid) => pid !== host.holderPid);
  }

  /** The cable is pulled: the host keeps its addresses and believes that it is alive. */
  async cut(host: Host): Promise<void> {
    await run(['ip', 'link', 'set', this.#link(host), 'down']);
  }

  async heal(host: Host): Promise<void> {
    await run(['ip', 'link', 'set', this.#link(host), 'up']);
  }

  /** Power off: link down, every process killed and seen to be gone. Gives how many there were. */
  async kill(host: Host): Promise<number> {
    host.powered = false;
    await this.cut(host);
    let killed = 0;
    const deadline = now() + 5000;
    for (let pids = await this.pids(host); pids.length > 0; pids = await this.pids(host)) {
      if (now() > deadline) throw new Error(`${host.name}: processes survive SIGKILL: ${pids.join(' ')}`);
      for (const pid of pids) killed += killPid(pid) ? 1 : 0;
      await sleep(5);
    }
    return killed;
  }

  /** Power on: a new namespace, so that nothing of the old incarnation is left in the kernel. */
  async power(host: Host): Promise<void> {
    await this.#destroy(host);
    await this.#build(host);
    host.powered = true;
  }

  async close(): Promise<void> {
    for (const host of this.hosts) await this.#destroy(host);
    await tryRun(['ip', 'link', 'del', this.bridge]);
  }

  async #build(host: Host): Promise<void> {
    const inside = (...args: string[]): Promise<string> => run(['ip', '-n', host.namespace, ...args]);
    await addNamespace(host.namespace);
    const link = this.#link(host);
    await run(['ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', this.interface, 'netns', host.namespace]);
    await run(['ip', 'link', 'set', link, 'master', this.bridge, 'up']);
    await inside('addr', 'add', `${host.address}/${prefixLength}`, 'dev', this.interface);
    await inside('link', 'set', 'lo', 'up');
    await inside('link', 'set', this.interface, 'up');
    const [file = '', ...args] = this.inside(host, ['sleep', 'infinity']);
    const holder = spawn(file, args, { stdio: 'ignore' });
    this.#holders.set(host.name, holder);
    host.holderPid = holder.pid ?? 0;
    await waitUntilInside(host);
  }

  async #destroy(host: Host): Promise<void> {
    for (const pid of await this.pids(host).catch(() => [])) killPid(pid);
    this.#holders.get(host.name)?.kill('SIGKILL');
    // The peer goes with it; without this the kernel may keep the veth pair a while after the namespace's name is gone.
    await tryRun(['ip', 'link', 'del', this.#link(host)]);
    await tryRun(['ip', 'netns', 'del', host.namespace]);
  }

  #link(host: Host): string {
    return `${linkPrefix}${this.run}${host.name}`;
  }
}

/**
 * The observer reads the host's socket table all the time, and the kernel walks every bucket of it for that. A host's
 * own small table (since Linux 6.1) makes a read cost microseconds; with the machine's it costs milliseconds.
 */
async function addNamespace(namespace: string): Promise<void> {
  const setting = '/proc/sys/net/ipv4/tcp_child_ehash_entries';
  const before = existsSync(setting) ? readFileSync(setting, 'utf8') : undefined;
  if (before !== undefined) writeFileSync(setting, '1024');
  try {
    await run(['ip', 'netns', 'add', namespace]);
  } finally {
    if (before !== undefined) writeFileSync(setting, before);
  }
}

function killPid(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

async function waitUntilInside(host: Host): Promise<void> {
  const deadline = now() + 5000;
  while (!(await run(['ip', 'netns', 'pids', host.namespace])).split('\n').includes(String(host.holderPid))) {
    if (now() > deadline) throw new Error(`${host.name}: its holder process does not start`);
    await sleep(5);
  }
}

async function freeSecondOctet(): Promise<number> {
  const routes = await run(['ip', '-4', 'route']);
  const taken = new Set([...routes.matchAll(/\b10\.(\d+)\./g)].map((match) => Number(match[1])));
  const start = 64 + (process.pid % 128);
  for (let offset = 0; offset < 128; offset += 1) {
    const octet = 64 + ((start - 64 + offset) % 128);
    if (!taken.has(octet)) return octet;
  }
  throw new Error('no free subnet 10.64.0.0/16 to 10.191.0.0/16');
}

/** Removes what crashed runs of this lab left behind: only things that carry its prefix and the pid of a dead run. */
export async function removeLeftovers(): Promise<void> {
  const dead = (pid: string | undefined): boolean => pid !== undefined && !isLab(Number(pid));
  for (const line of (await run(['ip', 'netns', 'list'])).split('\n')) {
    const namespace = line.split(' ')[0] ?? '';
    if (!dead(/^pwlab-(\d+)-/.exec(namespace)?.[1])) continue;
    const pids = await tryRun(['ip', 'netns', 'pids', namespace]);
    for (const pid of pids.split('\n').filter(Boolean)) killPid(Number(pid));
    await tryRun(['ip', 'netns', 'del', namespace]);
  }
  const links = await run(['ip', '-o', 'link']);
  for (const [, link = '', pid] of links.matchAll(/^\d+: (pwl(\d+)(?:b|n\d|i|c)[^@:]*)/gm)) {
    if (dead(pid)) await tryRun(['ip', 'link', 'del', link]);
  }
  for (const folder of ['/tmp', '/dev/shm']) {
    for (const name of readdirSync(folder)) {
      if (dead(/^pwlab-(\d+)$/.exec(name)?.[1])) rmSync(`${folder}/${name}`, { recursive: true, force: true });
    }
  }
}

function isLab(pid: number): boolean {
  try {
    return pid === process.pid || readFileSync(`/proc/${pid}/cmdline`, 'utf8').match(/test\/(lab|bench|vm)\//) !== null;
  } catch {
    return false;
  }
}
