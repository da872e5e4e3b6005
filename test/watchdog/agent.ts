// Whole daemons as an operator starts them, each with a FIFO as its watchdog and a kernel that speaks well of it.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { systemClock } from '../../adapters/clock/system.ts';
import { type EmbeddedConsul, startEmbeddedConsul } from '../../adapters/consul/embedded/server.ts';
import { createRunner } from '../../adapters/run.ts';
import { freePorts } from '../contract/consul/agents.ts';
import { until } from '../lab/clock.ts';
import { end, launch } from '../lab/processes.ts';
import { leftOut } from '../left-out.ts';
import { type Device, openDevice } from './stage.ts';

export interface Agent {
  readonly child: ChildProcess;
  readonly device: Device;
  readonly log: () => string;
  /** How many paths it serves. */
  serving(): Promise<number>;
}

export interface Place {
  readonly folder: string;
  readonly consul: EmbeddedConsul;
  /** `changes`: sections of the configuration that differ. */
  start(name: string, changes?: object): Promise<Agent>;
  addDisk(): Promise<void>;
  close(): Promise<void>;
}

const program = new URL('../../src/cli/pathwarden.ts', import.meta.url).pathname;
/** What the kernel says stands in a folder of its own in the daemon's mount namespace. */
const inNamespace = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /sys/class && exec "$@"'];

/** Why no mount namespace can be had here, or null. */
export async function namespacesMissing(): Promise<string | null> {
  const argv = [...inNamespace, '/sys/class', 'true'];
  const result = await createRunner()(argv, { deadlineMs: 5_000 });
  const works = result.kind === 'exited' && result.code === 0;
  return leftOut('the watchdog of a daemon', works ? null : 'no root or no mount namespaces');
}

export async function openPlace(): Promise<Place> {
  const folder = await mkdtemp('/tmp/pathwarden-watchdog-');
  const consul = await startEmbeddedConsul({ clock: systemClock(), nodeName: 'gw1', adoptNodes: true });
  const agents: Agent[] = [];
  return {
    folder,
    consul,
    async start(name, changes = {}) {
      const [port = 0] = await freePorts(1);
      const home = join(folder, name);
      const facts = join(home, 'class', 'watchdog', 'watchdog7');
      mkdirSync(facts, { recursive: true });
      for (const [fact, value] of Object.entries(kernelSays)) writeFileSync(join(facts, fact), `${value}\n`);
      const device = openDevice(join(home, 'watchdog7'));
      const config = join(home, 'pathwarden.yaml');
      const settings = { ...configOf({ name, home, consul, port, device: device.file }), ...changes };
      writeFileSync(config, stringify(settings));
      const argv = [...inNamespace, join(home, 'class'), process.execPath, program, 'agent', '--config', config];
      const child = launch(argv, join(home, 'log'));
      const url = `http://127.0.0.1:${String(port)}/metrics`;
      const agent: Agent = {
        child,
        device,
        log: () => readFileSync(join(home, 'log'), 'utf8'),
        serving: async () => Number(/^pathwarden_paths_serving (\d+)$/m.exec(await (await fetch(url)).text())?.[1]),
      };
      agents.push(agent);
      return agent;
    },
    async addDisk() {
      const paths = [{ index: 1, ip: '10.7.0.1', prefix: 24, interface: 'eth1' }];
      const access = { initiators: [] };
      const spec = { desired: 'started', iqn: 'iqn.2026-01.net.example:d1', wwn: '6000000000000001', access, paths };
      const body = JSON.stringify({ ...spec, backstore: { kind: 'memory' } });
      await fetch(`${consul.url}/v1/kv/pathwarden/disks/d1`, { method: 'PUT', body });
    },
    async close() {
      for (const { child, device } of agents) {
        child.kill('SIGCONT');
        await end(child, 'SIGKILL');
        device.close();
      }
      await consul.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** The path is served within ten seconds. */
export const served = (agent: Agent) => until('a path is served', 10_000, async () => (await agent.serving()) === 1);

const kernelSays = { timeout: '10', identity: 'Software Watchdog', nowayout: '0', options: '0x8180' };

interface Given {
  readonly name: string;
  readonly home: string;
  readonly consul: EmbeddedConsul;
  readonly port: number;
  readonly device: string;
}

const configOf = ({ name, home, consul, port, device }: Given): object => ({
  node: { name, stateDir: home },
  consul: { url: consul.url, sessionNode: name },
  session: { lockDelayMs: 1000 },
  dataPlane: { kind: 'memory' },
  watchdog: { mode: 'required', device },
  http: { port },
});
