// A cluster whose daemons can be cut anywhere, and come back as a service manager would bring them back.
import { memoryJournal, type MemoryImage } from '../../adapters/journal/memory.ts';
import { inspectorOf } from '../../src/daemon/inspector.ts';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import type { FencePort } from '../../src/ports/dataplane.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { done } from '../../src/ports/outcome.ts';
import { pseudoRandom, type PseudoRandom } from '../machines/random.ts';
import { Cluster, type Node } from '../scenarios/cluster.ts';
import { Chance } from './chance.ts';
import { Keys } from './keys.ts';
import { Knife, type Cut } from './knife.ts';
import { Ledger } from './ledger.ts';
import { Life } from './life.ts';
import { throughHarness, type Harness } from './ports.ts';

const compactTo = { keepDays: 0, maxMegabytes: 0.005 };
const duplicateProbeMs = 50;
const bootMs = 2_000;
const gossipMs = 600;
const operator = { by: 'ada', reason: 'a test of crashes' };

export class World extends Cluster implements Harness {
  readonly random: PseudoRandom;
  readonly ledger: Ledger;
  readonly failures: string[] = [];
  /** A request arrived after its daemon had come back. */
  hadLateRequests = false;
  readonly keys = new Keys(this.store);
  readonly knife: Knife;
  readonly #chance: Chance;
  readonly #lives = new Map<string, Life>();
  readonly #images = new Map<string, MemoryImage>();
  readonly #off = new Set<string>();
  readonly #stopping = new Set<string>();
  /** Paths that must not stop being served, with their server. */
  readonly #steady = new Map<string, string>();
  readonly #touched = new Set<string>();
  #boots = 0;
  #sessions = 0;

  constructor(seed: number, cut: Cut | null) {
    super([{ method: 'self', waitMs: 400 }, { method: 'command', position: 1 }]);
    this.random = pseudoRandom(seed);
    this.#chance = new Chance(seed);
    this.knife = new Knife(cut);
    this.ledger = new Ledger((failure) => this.fail(failure));
  }

  /** Starts the daemon of a node, with the journal that it had, unless it runs. */
  boot(name: string, bootId?: string): void {
    if (this.nodes.has(name)) return;
    this.#off.delete(name);
    const image = this.#images.get(name);
    const journal = memoryJournal(image === undefined ? {} : { image });
    const identity = bootId === undefined ? {} : { bootId };
    this.start(name, journal, false, identity)
      .catch((error: unknown) => this.fail(`${name} does not start: ${String(error)}`));
  }

  nextBootId(name: string): string {
    this.#boots += 1;
    return `boot ${String(this.#boots)} of ${name}`;
  }

  /** The host loses its power; gossip tells Consul a moment later. */
  powerOff(name: string): void {
    this.#off.add(name);
    this.network.crash(name);
    this.#cutLife(name);
    this.clock.after(gossipMs, () => {
      for (const { id, name: of } of this.store.state.sessions.values()) {
        if (of === `pathwarden ${name}`) this.endSession(id);
      }
    });
  }

  /** A stop in order. False: the daemon was cut meanwhile. */
  async stop(name: string, how: 'keep' | 'drain'): Promise<boolean> {
    const life = this.#lives.get(name);
    const node = this.node(name);
    let stopped = false;
    this.#stopping.add(name);
    void node.daemon.stop(how, 30_000).then(() => (stopped = true));
    await this.until(() => stopped || life?.isOver === true, 40_000);
    this.#stopping.delete(name);
    if (!stopped) return false;
    this.nodes.delete(name);
    this.#images.set(name, node.journal.image);
    return true;
  }

  isUp(name: string): boolean {
    return this.nodes.get(name)?.daemon.hasStarted === true;
  }

  isFree(path: string): boolean {
    return this.servers(path).length === 0 && (this.keys.lockOf(path)?.session ?? null) === null;
  }

  /** What an operator posts, once more when the daemon did not live to take it. */
  async post(from: string, actor: string, event: DomainEvent): Promise<void> {
    for (let tries = 0; tries < 5; tries += 1) {
      await this.until(() => this.isUp(from), 20_000);
      const life = this.#lives.get(from);
      let taken = false;
      void this.#postOnce(from, actor, event).then(() => (taken = true));
      await this.until(() => taken || life?.isOver === true, 20_000);
      if (taken) break;
    }
    await this.until(() => this.isUp(from) && !this.#waits(from, actor), 20_000);
  }

  async #postOnce(from: string, actor: string, event: DomainEvent): Promise<void> {
    const posted = await inspectorOf(this.node(from).daemon).post(actor, event, operator, 0);
    if (!posted.accepted) this.fail(`${event.type} was not accepted by ${actor}`);
  }

  /** An operator does not take back a wish before it is known what became of it. */
  #waits(name: string, actor: string): boolean {
    const { pending } = this.node(name).daemon.engine.registry.get(actor) ?? {};
    return [...(pending?.values() ?? [])].some(({ type }) => /^(spec|move|drain)\./.test(type));
  }

  /** From now on these paths may move. */
  touch(paths: readonly string[]): void {
    for (const path of paths) {
      this.#touched.add(path);
      this.#steady.delete(path);
    }
  }

  /** What is served now must go on being served. */
  keepServed(): void {
    for (const path of this.paths()) {
      const [server] = this.servers(path);
      if (server !== undefined && !this.#touched.has(path)) this.#steady.set(path, server);
    }
  }

  fail(failure: string): void {
    if (!this.failures.includes(failure)) this.failures.push(failure);
  }

  // The harness between daemons and ports

  at(life: Life, moment: string): boolean {
    if (life.isOver) return true;
    if (!this.knife.isDue(life, moment)) return false;
    this.#crash(life);
    return true;
  }

  latencyMs(life: Life): number {
    return this.#chance.latencyMs(life);
  }

  lands(life: Life): boolean {
    return !this.#off.has(life.node) && this.#chance.lands(life);
  }

  lateMs(life: Life): number {
    const ms = this.#chance.lateMs(life);
    if (ms > 0) this.hadLateRequests = true;
    return ms;
  }

  wait(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.clock.after(ms, resolve);
    });
  }

  asked(life: Life, name: string, params: object): (outcome: unknown) => void {
    const answered = this.ledger.asked(life.node, name, params);
    return (outcome) => {
      answered(outcome);
      this.look();
    };
  }

  durable(life: Life, records: readonly JournalRecord[]): void {
    this.ledger.durable(life.node, records);
  }

  /** Never two servers, and nothing that must be served stops being served. */
  look(): void {
    for (const path of this.paths()) {
      const servers = this.servers(path);
      if (servers.length > 1) this.fail(`${path} is served by ${servers.join(' and ')}`);
    }
    for (const [path, server] of this.#steady) {
      if (!this.servers(path).includes(server)) this.fail(`${path} stopped being served by ${server}`);
    }
  }

  override judge(): void {
    this.look();
    if (this.failures.length > 0) throw new Error(this.failures[0]);
  }

  protected override newSessionId(): string {
    this.#sessions += 1;
    return `00000000-0000-4000-8000-${String(this.#sessions).padStart(12, '0')}`;
  }

  protected override partsOf(node: Node, parts: DaemonParts): DaemonParts {
    const before = this.#lives.get(node.name);
    const life = new Life(node.name, (before?.number ?? 0) + 1);
    this.#lives.set(node.name, life);
    const fences = parts.fences.map((_, position) => (position === 1 ? this.#powerSwitch() : undefined));
    const settings = { ...parts.settings, duplicateProbeMs };
    return throughHarness(this, life, { ...parts, settings, fences });
  }

  protected override born(node: Node): void {
    const life = this.#lives.get(node.name);
    if (life === undefined) return;
    node.daemon.engine.follow(() => void this.at(life, 'adopted, not dispatched'));
    this.#compactSometimes(life, node);
  }

  /** Far more often than any journal needs it, so that snapshots and compaction are cut too. */
  #compactSometimes(life: Life, node: Node): void {
    this.clock.after(this.#chance.compactAfterMs(life), () => {
      if (life.isOver) return;
      if (this.isUp(node.name)) this.#compact(node);
      this.#compactSometimes(life, node);
    });
  }

  #compact({ name, daemon }: Node): void {
    daemon.engine.retention.compact(compactTo).catch((error: unknown) => {
      // Of a daemon that stops, or has stopped since it was asked, the journal is closed.
      const isStopping = this.#stopping.has(name) || this.nodes.get(name)?.daemon !== daemon;
      if (!isStopping) this.fail(String(error));
    });
  }

  #powerSwitch(): FencePort {
    return {
      fence: async ({ node, session }) => {
        if (this.keys.isProven(session)) this.fail(`${node} is fenced, and its exclusion was proven before`);
        if (!this.#off.has(node)) this.#powerCycle(node);
        return done({ evidence: `${node} is off` });
      },
    };
  }

  #powerCycle(name: string): void {
    this.powerOff(name);
    this.clock.after(bootMs, () => this.boot(name, this.nextBootId(name)));
  }

  #crash(life: Life): void {
    for (const path of this.pathsOf(life.node)) {
      const isServed = this.stateOf(life.node, `path/${path}`) === 'enabled';
      if (isServed && !this.#touched.has(path)) this.#steady.set(path, life.node);
    }
    this.#cutLife(life.node);
    this.clock.after(this.#chance.restartAfterMs(life), () => {
      if (!this.#off.has(life.node)) this.boot(life.node);
    });
  }

  #cutLife(name: string): void {
    this.#lives.get(name)?.end();
    const node = this.nodes.get(name);
    if (node === undefined) return;
    this.#images.set(name, node.journal.crash().image);
    this.nodes.delete(name);
  }
}
