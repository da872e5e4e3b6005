// A daemon as an operator starts it: the command line, a configuration file, a log. Memory data plane, real journal.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { stringify } from 'yaml';
import { freePorts } from '../contract/consul/agents.ts';
import { end, isRunning, launch } from '../lab/processes.ts';
import { program } from './program.ts';
import { Hopeless, until } from '../lab/clock.ts';

export interface DaemonPlace {
  readonly name: string;
  readonly folder: string;
  readonly consul: string;
  readonly prefix?: string;
}

export interface BenchDaemon {
  readonly name: string;
  readonly pid: number;
  readonly folder: string;
  readonly url: string;
  /** Every step that the daemon logged, in order. */
  steps(): readonly Step[];
  stop(signal: NodeJS.Signals): Promise<void>;
}

export interface Step {
  /** Wall clock milliseconds: the record is durable and the step taken. */
  readonly atMs: number;
  readonly actor: string;
  readonly from: string;
  readonly to: string;
  readonly event: string;
}

export const lockDelayMs = 1000;

/** Resolves when it is ready: recovered, and joined to Consul. */
export async function startDaemon(place: DaemonPlace): Promise<BenchDaemon> {
  const { name, folder } = place;
  mkdirSync(folder, { recursive: true });
  const [port = 0] = await freePorts(1);
  const config = `${folder}/pathwarden.yaml`;
  writeFileSync(config, stringify(configOf(place, port)));
  const log = `${folder}/pathwarden.log`;
  // By its own first line, which finds Node on the PATH and gives it options.
  const child = launch([await program(), 'agent', '--config', config], log, environment());
  const url = `http://127.0.0.1:${port}`;
  await until(`daemon ${name} ready`, 60_000, async () => {
    if (!isRunning(child)) throw new Hopeless(`daemon ${name} has ended: ${readFileSync(log, 'utf8').slice(-2000)}`);
    return (await fetch(`${url}/readyz`)).ok;
  });
  return {
    name,
    folder,
    url,
    pid: pidOf(child),
    steps: () => stepsIn(readFileSync(log, 'utf8')),
    stop: async (signal) => void (await end(child, signal)),
  };
}

function environment(): NodeJS.ProcessEnv {
  const { PATH = '', PATHWARDEN_BENCH_NODE_OPTIONS: options, ...rest } = process.env;
  // For profiles: options of Node itself.
  const more = options === undefined ? {} : { NODE_OPTIONS: options };
  return { ...rest, PATH: `${dirname(process.execPath)}:${PATH}`, ...more };
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the daemon has no process');
  return pid;
}

function configOf({ name, folder, consul, prefix }: DaemonPlace, port: number): object {
  return {
    node: { name, stateDir: `${folder}/state` },
    consul: { url: consul, ...(prefix === undefined ? {} : { prefix }) },
    session: { lockDelayMs },
    dataPlane: { kind: 'memory' },
    // Proves at once: what a fence device takes is not what this measures.
    exclusion: { methods: [{ method: 'command', argv: ['/bin/true', '{node}'], deadlineMs: 5000 }] },
    http: { port },
  };
}

function stepsIn(log: string): readonly Step[] {
  const steps: Step[] = [];
  for (const line of log.split('\n')) {
    if (!line.includes('"msg":"step"')) continue;
    const { time, actor, from, to, event } = JSON.parse(line) as Record<'time' | keyof Step, string>;
    steps.push({ atMs: Date.parse(time), actor, from, to, event });
  }
  return steps;
}
