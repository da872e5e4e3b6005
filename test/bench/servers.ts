// Three real Consul servers on loopback, with stock raft settings and ports of their own.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { freePorts } from '../contract/consul/agents.ts';
import { consulBinary } from '../lab/get-consul.ts';
import { end, launch } from '../lab/processes.ts';
import { until } from '../lab/clock.ts';

export interface ConsulServers {
  /** HTTP addresses, one per server. */
  readonly urls: readonly string[];
  stop(): Promise<void>;
}

export const serverName = (position: number): string => `n${String(position + 1)}`;

export async function startServers(folder: string): Promise<ConsulServers> {
  const binary = await consulBinary();
  const ports = await freePorts(9);
  const places = [0, 1, 2].map((position) => {
    const [http = 0, server = 0, serf = 0] = ports.slice(position * 3, position * 3 + 3);
    return { name: serverName(position), http, server, serf };
  });
  const children: ChildProcess[] = places.map(({ name, http, server, serf }) => {
    mkdirSync(`${folder}/${name}`, { recursive: true });
    const argv = [
      binary, 'agent', '-server', '-bootstrap-expect=3', `-node=${name}`, `-data-dir=${folder}/${name}/consul`,
      '-bind=127.0.0.1', '-client=127.0.0.1', `-http-port=${http}`, `-server-port=${server}`,
      `-serf-lan-port=${serf}`, '-serf-wan-port=-1', '-dns-port=-1', '-grpc-port=-1', '-raft-protocol=3',
      '-disable-host-node-id', '-log-level=warn', '-retry-interval=1s',
      ...places.filter((other) => other.name !== name).map((other) => `-retry-join=127.0.0.1:${other.serf}`),
    ];
    return launch(argv, `${folder}/${name}/consul.log`);
  });
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => end(child, 'SIGKILL')));
  };
  const urls = places.map(({ http }) => `http://127.0.0.1:${http}`);
  try {
    await Promise.all(urls.map((url) => until(`consul at ${url}`, 60_000, () => isWhole(url))));
    return { urls, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A leader, and every node with its health in the catalog: sessions can be made. */
async function isWhole(url: string): Promise<boolean> {
  const leader = await fetch(`${url}/v1/status/leader`).then((response) => response.text());
  const checks = await fetch(`${url}/v1/health/state/passing`).then((response) => response.text());
  return leader.includes(':') && checks.split('"serfHealth"').length === 4;
}
