// The two agents that must give the same answers.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../../adapters/clock/system.ts';
import { startEmbeddedConsul } from '../../../adapters/consul/embedded/server.ts';
import { consulBinary, localConsulBinary } from '../../lab/get-consul.ts';
import { isRequired, leftOut } from '../../left-out.ts';

export const nodeName = 'contract';

export interface TestAgent {
  readonly url: string;
  stop(): Promise<void>;
}

export const embeddedAgent = (): Promise<TestAgent> => startEmbeddedConsul({ clock: systemClock(), nodeName });

/** Where it is required it is fetched, or the tests fail. */
const whyNotReal =
  isRequired || (await localConsulBinary()) !== null
    ? null
    : 'no consul on the PATH or in the cache: run `node test/lab/get-consul.ts` once';

export const realConsulMissing = (): boolean => leftOut('real Consul', whyNotReal) !== null;

/** The entry for real Consul in a list of subjects: none where it is left out. */
export const ifReal = <T>(subject: T): T[] => (realConsulMissing() ? [] : [subject]);

/** A real `consul agent -dev` on free loopback ports. `config` is merged in as HCL; with ACLs, `token` may read it. */
export async function realAgent({ config = '', token = '' } = {}): Promise<TestAgent> {
  const binary = await consulBinary();
  const [http, server, lan, wan] = await freePorts(4);
  const argv = ['agent', '-dev', `-node=${nodeName}`, '-bind=127.0.0.1', '-client=127.0.0.1', '-log-level=err'];
  const ports = [`-http-port=${http}`, `-server-port=${server}`, `-serf-lan-port=${lan}`, `-serf-wan-port=${wan}`];
  const off = ['-dns-port=-1', '-grpc-port=-1', ...(config === '' ? [] : [`-hcl=${config}`])];
  const child = spawn(binary, [...argv, ...ports, ...off], { stdio: 'ignore' });
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
  });
  const agent: TestAgent = {
    url: `http://127.0.0.1:${http}`,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  try {
    await untilReady(agent.url, token);
    return agent;
  } catch (error) {
    await agent.stop();
    throw error;
  }
}

// Ready is: a leader, and this node in the catalog with its health, so that sessions can be created.
async function untilReady(url: string, token: string): Promise<void> {
  const read = (path: string): Promise<string> =>
    fetch(url + path, { headers: token === '' ? {} : { 'X-Consul-Token': token } }).then(
      (response) => response.text(),
      () => '',
    );
  const endMs = performance.now() + 30_000;
  while (performance.now() < endMs) {
    const [checks, leader] = [await read(`/v1/health/node/${nodeName}`), await read('/v1/status/leader')];
    if (checks.includes('serfHealth') && leader.includes(':')) return;
    await sleep(100);
  }
  throw new Error('the real Consul agent did not become ready within 30 s');
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
  return ports;
}
