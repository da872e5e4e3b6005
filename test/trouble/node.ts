// A whole daemon as an operator starts it, with its journal on a disk of the test's own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { stringify } from 'yaml';
import { systemClock } from '../../adapters/clock/system.ts';
import { startEmbeddedConsul, type EmbeddedConsul } from '../../adapters/consul/embedded/server.ts';
import { type Client, createClient } from '../../src/cli/client.ts';
import { claimAddresses } from '../../src/cli/demo/places.ts';
import type { DiskSpec } from '../../src/core/records.ts';
import type { Health } from '../../src/ports/inspector.ts';
import { freePorts } from '../contract/consul/agents.ts';
import { Hopeless, until } from '../lab/clock.ts';
import { end, isRunning, launch } from '../lab/processes.ts';

export interface Place {
  readonly consul: EmbeddedConsul;
  readonly folder: string;
  readonly journal: string;
  readonly ip: string;
  readonly portalPort: number;
  close(): Promise<void>;
}

export interface TroubleNode {
  readonly pid: number;
  readonly url: string;
  readonly client: Client;
  health(): Promise<Health & { readonly status: number }>;
  metric(name: string): Promise<number>;
  log(): string;
  /** Drain or undrain, as an operator does. */
  operator(type: 'operator.drain' | 'operator.undrain'): Promise<void>;
  /** Gives whether it ended by itself in time. */
  stop(signal: NodeJS.Signals): Promise<boolean>;
}

const program = new URL('../../src/cli/pathwarden.ts', import.meta.url).pathname;
const name = 'gw1';

/** `folder` holds everything but the journal. */
export async function makePlace(folder: string, journalFolder: string): Promise<Place> {
  const addresses = await claimAddresses();
  const consul = await startEmbeddedConsul({ clock: systemClock(), nodeName: name, adoptNodes: true });
  const { portalPort } = addresses;
  return {
    consul,
    folder,
    journal: `${journalFolder}/journal.sqlite`,
    ip: addresses.ipOf(1, 1),
    portalPort,
    close: async () => {
      await consul.stop();
      addresses.release();
    },
  };
}

/** Ready, and told of one disk with one path. */
export async function startNode(place: Place, launcher: readonly string[] = [process.execPath, program]) {
  const [port = 0] = await freePorts(1);
  mkdirSync(place.folder, { recursive: true });
  const config = `${place.folder}/pathwarden.yaml`;
  writeFileSync(config, stringify(configOf(place, port)));
  const logFile = `${place.folder}/pathwarden.log`;
  const child = launch([...launcher, 'agent', '--config', config], logFile);
  const url = `http://127.0.0.1:${String(port)}`;
  const log = (): string => readFileSync(logFile, 'utf8');
  const tokenFile = `${place.folder}/operator-token`;
  const client = createClient({ url, tokenFile, deadlineMs: 10_000 });
  const node: TroubleNode = {
    pid: child.pid ?? 0,
    url,
    client,
    log,
    health: async () => {
      const response = await fetch(`${url}/readyz`);
      return { ...((await response.json()) as Health), status: response.status };
    },
    metric: (metric) => metricOf(url, metric),
    operator: async (type) => {
      await client.post('node', { type, node: name, by: 'test', reason: 'trouble', waitMs: 0 });
    },
    stop: (signal) => end(child, signal, 15_000),
  };
  await until('the daemon is ready', 20_000, async () => {
    if (!isRunning(child)) throw new Hopeless(`the daemon has ended: ${log().slice(-2000)}`);
    return (await node.health()).status === 200;
  });
  return node;
}

export async function addDisk({ ip, portalPort }: Place, node: TroubleNode): Promise<void> {
  const spec: DiskSpec = {
    desired: 'started', iqn: 'iqn.2026-01.net.example:00001', wwn: '6001405000000001',
    backstore: { kind: 'memory' }, access: { initiators: [] },
    paths: [{ index: 1, ip, port: portalPort, prefix: 8, interface: 'lo' }],
  };
  await node.client.post('disk/00001', { type: 'operator.add', spec, by: 'test', reason: 'test', waitMs: 5_000 });
}

/** Whether somebody answers at the portal of the path. */
export const answers = ({ ip, portalPort }: Place): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: ip, port: portalPort });
    const settle = (isOpen: boolean) => (socket.destroy(), resolve(isOpen));
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });

async function metricOf(url: string, metric: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${metric} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

function configOf({ consul, folder, journal, portalPort }: Place, port: number): object {
  return {
    node: { name, stateDir: folder },
    consul: { url: consul.url, sessionNode: name },
    session: { lockDelayMs: 0 },
    dataPlane: { kind: 'loopback', portalPort },
    exclusion: { methods: [{ method: 'self', waitMs: 300 }] },
    journal: { file: journal },
    http: { port },
  };
}
