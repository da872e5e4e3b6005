// pathwarden itself on one host: its config file, its process, and the HTTP requests of an operator.
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { DiskSpec } from '../../src/core/records.ts';
import type { ClusterSummary, PostResult } from '../../src/ports/inspector.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { Hopeless } from './clock.ts';
import type { Host, Inside } from './hosts.ts';
import { end, isRunning, launch, run, signal } from './processes.ts';

const port = 7480;
export const peersPort = 7481;
/** A machine that others use, too, takes its time. */
const commandMs = 180_000;

/** What runs and scenarios choose of a daemon's configuration. */
export interface Settings {
  readonly onStop: 'keep' | 'drain';
  readonly ttlMs: number;
  /** A daemon stops serving `ttlMs` − `marginMs` after its last contact with Consul. */
  readonly marginMs: number;
  readonly lockDelayMs: number;
  /** Gossip ends the session, too, and not only the TTL. */
  readonly nodeHealth: boolean;
  /** A lost node is given this long to prove its own teardown before it is fenced. 0: it is fenced at once. */
  readonly selfMs: number;
  /** Undefined: daemons do not ask each other. `exclude`: whom the majority misses is excluded at once. */
  readonly peers: { readonly exclude: boolean } | undefined;
}

export const standardSettings: Settings = {
  onStop: 'keep', ttlMs: 20_000, marginMs: 5000, lockDelayMs: 1000, nodeHealth: true, selfMs: 500,
  peers: undefined,
};

/** Without a lock-delay: whatever holds others back is pathwarden's own doing. `quick`: the shortest lease. */
export const faultSettings = (quick: boolean): Settings => ({
  onStop: 'keep',
  ...(quick ? { ttlMs: 10_000, marginMs: 2500 } : { ttlMs: 20_000, marginMs: 5000 }),
  lockDelayMs: 0,
  nodeHealth: true,
  selfMs: 500,
  peers: { exclude: true },
});

/** What the configuration says of the storage, and of how a lost node is kept from it. */
export interface GatewayStorage {
  readonly ceph?: { readonly conf: string; readonly id: string };
  /** Behind `self`. */
  readonly methods: readonly object[];
}

export interface GatewayOptions {
  readonly dataPlane: object;
  readonly storage: GatewayStorage;
  readonly folder: string;
  /** The program to run as pathwarden. */
  readonly entry: string;
  /** The key that all daemons share. */
  readonly peersKeyFile: string;
  readonly settings: Settings;
}

interface Post {
  readonly method?: 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export class Gateway {
  readonly host: Host;
  readonly #network: Inside;
  readonly #options: GatewayOptions;
  /** Of every start from now on. */
  settings: Settings;
  #process: ChildProcess | undefined;

  constructor(network: Inside, host: Host, options: GatewayOptions) {
    this.#network = network;
    this.host = host;
    this.#options = options;
    this.settings = options.settings;
  }

  /** `change` holds for this start only. */
  start(change: Partial<Settings> = {}): void {
    mkdirSync(`${this.#options.folder}/state`, { recursive: true });
    const file = `${this.#options.folder}/pathwarden.yaml`;
    writeFileSync(file, stringify(this.#config({ ...this.settings, ...change })));
    const argv = this.#network.inside(this.host, [process.execPath, this.#options.entry, 'agent', '--config', file]);
    this.#process = launch(argv, this.#log);
  }

  /** SIGTERM; gives whether it ended by itself within `graceMs`. */
  async stop(graceMs = 20_000): Promise<boolean> {
    return end(this.#process, 'SIGTERM', graceMs);
  }

  async kill(): Promise<void> {
    await end(this.#process, 'SIGKILL');
  }

  /** Ended by a signal, and not by itself. */
  wasKilled(): boolean {
    return this.#process?.signalCode !== null;
  }

  /** Only the daemon itself: what it started goes on. */
  pause(): void {
    signal(this.#process, 'SIGSTOP');
  }

  resume(): void {
    signal(this.#process, 'SIGCONT');
  }

  /** Its journal, its instance and its token are lost, as when a host's programs are installed anew. */
  wipe(): void {
    rmSync(`${this.#options.folder}/state`, { recursive: true, force: true });
  }

  async ready(): Promise<boolean> {
    if (this.host.powered && !isRunning(this.#process)) throw new Hopeless(this.#lastWords());
    const response = await this.#fetch('/readyz', 1000);
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.host.name} is not ready: ${text}`);
    return true;
  }

  /** Why it is not ready, as it says itself; empty when it is. */
  async reasons(): Promise<string> {
    const response = await this.#fetch('/readyz', 1000);
    return response.ok ? '' : response.text();
  }

  /** Records of its journal from a moment on (wall clock, milliseconds), oldest first: the newest 500 at most. */
  async eventsSince(wallMs: number): Promise<JournalRecord[]> {
    const response = await this.#fetch('/v1/events?newest=true&limit=500', 5000);
    if (!response.ok) throw new Error(`${this.host.name} /v1/events: ${response.status}`);
    return ((await response.json()) as JournalRecord[]).filter(({ at }) => at >= wallMs).toReversed();
  }

  async cluster(): Promise<ClusterSummary> {
    const response = await this.#fetch('/v1/cluster', 2000);
    if (!response.ok) throw new Error(`${this.host.name} /v1/cluster: ${response.status}`);
    return (await response.json()) as ClusterSummary;
  }

  /** An operator event, as the CLI sends it. Throws unless it was accepted. */
  async post(actor: string, event: { type: string; [field: string]: unknown }, waitMs = 5000): Promise<PostResult> {
    const token = readFileSync(this.#tokenFile, 'utf8').trim();
    const response = await this.#fetch(`/v1/actors/${actor}/events`, waitMs + 5000, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ by: 'lab', reason: 'lab scenario', waitMs, ...event }),
    });
    const text = await response.text();
    const refused = `${this.host.name} ${actor} ${event.type}: ${response.status} ${text}`;
    if (response.status !== 202) throw new Error(refused);
    return JSON.parse(text) as PostResult;
  }

  /** `pathwarden` as it is called on this host by an operator. Gives its stdout. */
  async command(...argv: readonly string[]): Promise<string> {
    const agent = ['--url', `http://${this.host.address}:${port}`, '--token-file', this.#tokenFile];
    const program = [process.execPath, this.#options.entry, ...argv, ...agent];
    return run(this.#network.inside(this.host, program), commandMs);
  }

  async addDisk(disk: string, spec: DiskSpec): Promise<void> {
    await this.post(`disk/${disk}`, { type: 'operator.add', spec });
  }

  async release(disk: string, index: number, to: string): Promise<void> {
    await this.post(`path/${disk}/${index}`, { type: 'operator.release', to });
  }

  async drain(node: string): Promise<void> {
    await this.post('node', { type: 'operator.drain', node });
  }

  async undrain(node: string): Promise<void> {
    await this.post('node', { type: 'operator.undrain', node });
  }

  #lastWords(): string {
    const lastLine = readFileSync(this.#log, 'utf8').trimEnd().split('\n').at(-1) ?? '';
    const how = this.#process?.signalCode ?? `exit code ${this.#process?.exitCode ?? 'unknown'}`;
    return `the daemon of ${this.host.name} has ended (${how}): ${lastLine.slice(0, 300)}`;
  }

  get #tokenFile(): string {
    return `${this.#options.folder}/state/operator-token`;
  }

  get #log(): string {
    return `${this.#options.folder}/pathwarden.log`;
  }

  // No kept-alive connections: they would outlive the host that they lead to.
  async #fetch(path: string, deadlineMs: number, post: Post = {}): Promise<Response> {
    const headers = { ...post.headers, connection: 'close' };
    const signal = AbortSignal.timeout(deadlineMs);
    return fetch(`http://${this.host.address}:${port}${path}`, { ...post, headers, signal });
  }

  #config({ onStop, ttlMs, marginMs, lockDelayMs, nodeHealth, selfMs, peers }: Settings): object {
    const { storage } = this.#options;
    return {
      node: { name: this.host.name, stateDir: `${this.#options.folder}/state`, onStop },
      consul: { url: 'http://127.0.0.1:8500' },
      session: { ttlMs, marginMs, lockDelayMs, nodeHealth },
      dataPlane: this.#options.dataPlane,
      ...(storage.ceph !== undefined && { ceph: storage.ceph }),
      exclusion: {
        methods: [
          ...(selfMs > 0 ? [{ method: 'self', waitMs: selfMs }] : []),
          ...storage.methods,
        ],
      },
      http: { host: this.host.address, port },
      ...(peers !== undefined && {
        peers: {
          listen: `${this.host.address}:${peersPort}`,
          keyFile: this.#options.peersKeyFile,
          heartbeat: { exclude: peers.exclude },
        },
      }),
    };
  }
}
