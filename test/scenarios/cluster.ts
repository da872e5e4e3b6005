// Whole daemons in one process: one Consul store, one network, one virtual clock, and a judge of who serves what.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { virtualClock } from '../../adapters/clock/virtual.ts';
import { memoryCluster } from '../../adapters/consul/cluster.ts';
import { deleteKey, setKey } from '../../adapters/consul/embedded/kv.ts';
import { openStore } from '../../adapters/consul/embedded/store.ts';
import { memoryDataPlane } from '../../adapters/dataplane.ts';
import { memoryJournal, type MemoryJournal } from '../../adapters/journal/memory.ts';
import { createFaults, type Faults } from '../../adapters/memory-faults.ts';
import { memoryNetwork } from '../../adapters/memory-host.ts';
import type { DiskSpec } from '../../src/core/records.ts';
import { stateOf } from '../../src/core/state.ts';
import { viewParser, type ClusterView } from '../../src/core/view.ts';
import { Daemon, type DaemonParts } from '../../src/daemon/daemon.ts';
import { silentLog as log } from '../../src/daemon/log.ts';
import type { DaemonSettings } from '../../src/daemon/settings.ts';
import type { Method } from '../../machines/exclusion/events.ts';
import type { ClusterPort } from '../../src/ports/cluster.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { unknown } from '../../src/ports/outcome.ts';

export interface Node {
  readonly name: string;
  readonly daemon: Daemon;
  readonly journal: MemoryJournal;
  readonly faults: Faults;
  readonly records: JournalRecord[];
  /** Consul does not answer this node while it is true. */
  cutOff: boolean;
  /** Why the daemon must not go on. */
  refused: string | null;
}

/** What differs from the last daemon of that name. `host`: whose data plane it works on. */
export type Identity = Partial<Pick<DaemonSettings, 'instance' | 'bootId' | 'place'>> & { readonly host?: string };

const stepMs = 50;

export class Cluster {
  readonly clock = virtualClock();
  readonly store = openStore({ clock: this.clock, newSessionId: () => this.newSessionId() });
  readonly network = memoryNetwork();
  readonly nodes = new Map<string, Node>();
  readonly cluster = memoryCluster({ clock: this.clock, store: this.store });
  readonly methods: readonly Method[];
  readonly #served = new Map<string, { ip: string; port: number }>();
  readonly #parse = viewParser();

  constructor(methods: readonly Method[] = [{ method: 'self', waitMs: 1_000 }, { method: 'leaseBound',
    boundMs: 12_000 }]) {
    this.methods = methods;
  }

  async start(
    name: string,
    journal: MemoryJournal = memoryJournal(),
    cutOff = false,
    { host = name, ...settings }: Identity = {},
  ): Promise<Node> {
    const faults = createFaults();
    const node: Node = { name, journal, faults, records: [], cutOff, refused: null, daemon: undefined as never };
    const daemon = new Daemon(this.partsOf(node, {
      settings: { ...settingsFor(name, this.methods), ...settings }, journal, clock: this.clock, log,
      fences: this.methods.map(() => undefined),
      cluster: cuttable(this.cluster, node),
      dataPlane: memoryDataPlane({ node: host, network: this.network, clock: this.clock, faults }),
      onRefused: (reason) => {
        node.refused = reason;
      },
    }));
    Object.assign(node, { daemon });
    daemon.engine.follow((record) => node.records.push(record));
    this.nodes.set(name, node);
    this.born(node);
    await daemon.start();
    return node;
  }

  /** What a daemon is given; a harness may put something in between. */
  protected partsOf(_node: Node, parts: DaemonParts): DaemonParts {
    return parts;
  }

  /** A daemon that is about to start. */
  protected born(_node: Node): void {}

  protected newSessionId(): string {
    return randomUUID();
  }

  /** The daemon is gone without a word; the kernel of its host goes on, or loses its power too. */
  async kill(name: string, what: 'daemon' | 'host'): Promise<MemoryJournal> {
    const node = this.node(name);
    node.cutOff = true;
    if (what === 'host') this.network.crash(name);
    const journal = node.journal.crash();
    void node.daemon.stop('keep', 0);
    this.nodes.delete(name);
    return journal;
  }

  /** A restart in order: the session and the data plane are kept. */
  async restart(name: string, cutOff = false): Promise<Node> {
    const { daemon, journal } = this.node(name);
    const stopped = daemon.stop('keep', 0);
    await this.clock.advanceAndSettle(0);
    await stopped;
    return this.start(name, memoryJournal({ image: journal.image }), cutOff);
  }

  endSession(session: string): void {
    this.store.destroySession(session);
  }

  /** Killed, and Consul ends its session at once. */
  async lose(name: string, what: 'daemon' | 'host'): Promise<{ session: string; journal: MemoryJournal }> {
    const session = this.sessionOf(name);
    const journal = await this.kill(name, what);
    this.endSession(session);
    return { session, journal };
  }

  /** It lives on without Consul, which ends its session at once: the shortest time that others can be given. */
  cutOff(name: string): void {
    this.node(name).cutOff = true;
    this.endSession(this.sessionOf(name));
  }

  /** The node is told to give the path up, as when another one shall have it. */
  giveUp(name: string, path: string): void {
    const unwanted = { type: 'path.unwanted', reason: 'test' } as never;
    this.node(name).daemon.tell(`path/${path}`, unwanted, { kind: 'local', what: 'test' });
  }

  async addDisk(disk: string, ips: readonly string[]): Promise<void> {
    await this.put(`disks/${disk}`, JSON.stringify(this.expectDisk(disk, ips)));
  }

  /** The specification of a disk that shall be served. */
  expectDisk(disk: string, ips: readonly string[]): DiskSpec {
    const port = 3260;
    ips.forEach((ip, at) => this.#served.set(`${disk}/${String(at + 1)}`, { ip, port }));
    return {
      desired: 'started', iqn: `iqn.2026-01.net.example:${disk}`,
      wwn: `60000000${disk.replace(/\D/g, '').padStart(8, '0')}`,
      backstore: { kind: 'memory' }, access: { initiators: [] },
      paths: ips.map((ip, at) => ({ index: at + 1, ip, prefix: 24, interface: 'eth1' })),
    };
  }

  async put(key: string, value: string): Promise<void> {
    const put = this.cluster.put({ key, value }, { deadlineMs: 1_000 });
    await this.clock.advanceAndSettle(0);
    assert.equal((await put).kind, 'done');
  }

  /** Somebody writes over a key by hand. Consul lets them, whoever holds its lock. */
  overwrite(key: string, value: string): void {
    this.store.write((state) => setKey(state, rowOf(key, value)));
  }

  /** Somebody deletes a key by hand and makes it anew: nobody holds its lock any more. */
  remake(key: string, value: string): void {
    this.store.write((state) => deleteKey(state, rowOf(key, value).key, this.clock.monotonicMs()));
    this.overwrite(key, value);
  }

  /** Lets time pass in small steps, and looks at the network after each. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advanceAndSettle(stepMs);
      this.judge();
    }
  }

  /** Time passes until it holds; fails when it does not within `withinMs`. Answers how long it took. */
  async until(holds: () => boolean, withinMs: number): Promise<number> {
    let passed = 0;
    for (; !holds(); passed += stepMs) {
      if (passed < withinMs) await this.pass(stepMs);
      else throw new Error(`not within ${String(withinMs)} ms:\n${this.picture()}`);
    }
    return passed;
  }

  /** Never two hosts with the same IP and an open portal for it. */
  judge(): void {
    for (const [path, { ip, port }] of this.#served) {
      const count = this.network.serving(ip, port).length;
      assert.ok(count < 2, `${path} is served by ${this.servers(path).join(' and ')}`);
    }
  }

  servers(path: string): readonly string[] {
    const place = this.#served.get(path);
    return place === undefined ? [] : this.network.serving(place.ip, place.port);
  }

  paths(): readonly string[] {
    return [...this.#served.keys()];
  }

  allServed(): boolean {
    return this.paths().every((path) => this.servers(path).length === 1);
  }

  pathsOf(name: string): readonly string[] {
    return this.paths().filter((path) => this.servers(path).includes(name));
  }

  node(name: string): Node {
    const node = this.nodes.get(name);
    if (node === undefined) throw new Error(`no node is called ${name}`);
    return node;
  }

  stateOf(name: string, actor: string): string {
    const found = this.node(name).daemon.engine.registry.get(actor);
    return found === undefined ? '' : stateOf(found.snapshot);
  }

  sessionOf(name: string): string {
    const { session } = this.node(name).daemon.engine.registry.ensure('node')
      .snapshot.context as { session: string | null };
    if (session === null) throw new Error(`${name} has no session`);
    return session;
  }

  async view(): Promise<ClusterView> {
    const list = this.cluster.list({ deadlineMs: 1_000 });
    await this.clock.advanceAndSettle(0);
    const outcome = await list;
    if (outcome.kind !== 'done') throw new Error(outcome.reason);
    return this.#parse(outcome.value);
  }

  picture(): string {
    const lineOf = ({ name, daemon }: Node): string => {
      const actors = [...daemon.engine.registry.all()];
      return [name, ...actors.map(({ id, snapshot }) => `${id}=${stateOf(snapshot)}${troubleOf(snapshot)}`)].join(' ');
    };
    return [...this.nodes.values()].map(lineOf).join('\n');
  }
}

function troubleOf({ context }: { readonly context: { readonly trouble?: string | null } }): string {
  return typeof context.trouble === 'string' ? ` (${context.trouble})` : '';
}

/** As Consul keeps it: values in base64. */
const rowOf = (key: string, value: string) =>
  ({ key: `pathwarden/${key}`, value: Buffer.from(value).toString('base64'), flags: 0, session: '' });

const cuttable = (cluster: ClusterPort, node: { readonly cutOff: boolean }): ClusterPort =>
  new Proxy(cluster, {
    get(target, verb: keyof ClusterPort) {
      const real = target[verb] as (...given: unknown[]) => unknown;
      if (verb === 'watch') return real;
      return (...given: unknown[]) => (node.cutOff ? Promise.resolve(unknown('cut off')) : real(...given));
    },
  });

const settingsFor = (node: string, methods: readonly Method[]): DaemonSettings => ({
  node, instance: `instance of ${node}`, bootId: `boot of ${node}`, place: `place of ${node}`, version: '0',
  standstillMs: 12_000,
  roles: ['gateway'],
  inspector: `http://${node}`, portalPort: 3260,
  session: { ttlMs: 10_000, lockDelayMs: 2_000, nodeHealth: true, marginMs: 2_000, renewEveryMs: 2_000 },
  methods, fenceDeadlinesMs: methods.map(() => 0), rankDelayMs: 250, commandsPerKind: 8, mailboxEvents: 10_000,
  deadlines: { attachMs: 5_000, targetMs: 5_000, addressMs: 2_000, consulMs: 1_000 },
  announceAtMs: [0, 200], duplicateProbeMs: 0, observeEveryMs: 1_000,
});
