// Three real Consul servers, one per gateway host, with stock timers.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import type { Host, Inside } from './hosts.ts';
import { end, isRunning, launch, signal } from './processes.ts';

interface AutopilotServer {
  readonly Name: string;
  readonly Healthy: boolean;
  readonly Voter: boolean;
}

const serfAlive = 1;

export class ConsulServers {
  readonly #agents = new Map<string, ChildProcess>();
  readonly #network: Inside;
  readonly #hosts: readonly Host[];
  readonly #binary: string;
  readonly #folder: string;
  readonly #raftMultiplier: number;
  /** More of the configuration, in its own language. */
  hcl = '';

  constructor(network: Inside, hosts: readonly Host[], binary: string, folder: string, raftMultiplier: number) {
    this.#network = network;
    this.#hosts = hosts;
    this.#binary = binary;
    this.#folder = folder;
    this.#raftMultiplier = raftMultiplier;
  }

  /** `fresh`: the server has lost its disk. */
  start(host: Host, fresh = false): void {
    const data = `${this.#folder}/${host.name}/consul`;
    if (fresh) rmSync(data, { recursive: true, force: true });
    mkdirSync(data, { recursive: true });
    const argv = [
      this.#binary, 'agent', '-server', `-bootstrap-expect=${this.#hosts.length}`, `-node=${host.name}`,
      `-data-dir=${data}`, `-bind=${host.address}`, `-client=127.0.0.1 ${host.address}`, '-raft-protocol=3',
      '-disable-host-node-id', '-log-level=info',
      '-hcl', `performance { raft_multiplier = ${this.#raftMultiplier} } ${this.hcl}`,
      ...this.#hosts.filter((other) => other !== host).map((other) => `-retry-join=${other.address}`),
    ];
    const inside = this.#network.inside(host, argv);
    this.#agents.set(host.name, launch(inside, `${this.#folder}/${host.name}/consul.log`));
  }

  async kill(host: Host): Promise<void> {
    await end(this.#agents.get(host.name), 'SIGKILL');
  }

  isRunning(host: Host): boolean {
    return isRunning(this.#agents.get(host.name));
  }

  pause(host: Host): void {
    signal(this.#agents.get(host.name), 'SIGSTOP');
  }

  resume(host: Host): void {
    signal(this.#agents.get(host.name), 'SIGCONT');
  }

  /** The host whose server leads, as the living servers say. */
  async leader(): Promise<Host | undefined> {
    for (const host of this.#hosts.filter((candidate) => candidate.powered)) {
      const answer = await this.get<string>(host, '/v1/status/leader').catch(() => '');
      const leader = this.#hosts.find((candidate) => answer.startsWith(`${candidate.address}:`));
      if (leader !== undefined) return leader;
    }
    return undefined;
  }

  /** Every server is healthy, may vote, and serf sees it: the next fault finds a whole cluster. */
  async whole(): Promise<boolean> {
    const leader = await this.leader();
    if (leader === undefined) return false;
    const health = await this.get<{ Servers: AutopilotServer[] }>(leader, '/v1/operator/autopilot/health');
    return health.Servers.length === this.#hosts.length && health.Servers.every((one) => one.Healthy && one.Voter);
  }

  /** Does the agent of that host take the other one for alive? The dead are asked again every 30 s only. */
  async seesAlive(host: Host, other: Host): Promise<boolean> {
    const members = await this.get<{ Name: string; Status: number }[]>(host, '/v1/agent/members');
    return members.some(({ Name, Status }) => Name === other.name && Status === serfAlive);
  }

  async get<T>(host: Host, path: string): Promise<T> {
    const response = await fetch(`http://${host.address}:8500${path}`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(2000),
    });
    // Autopilot answers 429 with the same body while a server is unhealthy.
    if (!response.ok && response.status !== 429) throw new Error(`consul ${path}: ${response.status}`);
    return (await response.json()) as T;
  }
}
