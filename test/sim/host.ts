// One host: power, kernel, link, watchdog, and the daemon on it with its journal.
import { emptyImage, memoryJournal, type MemoryImage } from '../../adapters/journal/memory.ts';
import type { MemoryHost } from '../../adapters/memory-host.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import { stateOf, tagsOf } from '../../src/core/state.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import type { WatchdogPort } from '../../src/ports/watchdog.ts';
import type { BadCommands } from './commands.ts';
import { openLine } from './consul.ts';
import { daemonOn, type Running } from './daemon-on.ts';
import { watchDeadline } from './deadline.ts';
import { gossipOf } from './gossip.ts';
import { JournalFaults } from './journal-faults.ts';
import type { Owner } from './locks.ts';
import { watchMaintenance } from './maintenance.ts';
import { Moments } from './moments.ts';
import type { Parts } from './parts.ts';
import type { Moment } from './fault.ts';
import type { Random } from './random.ts';
import { Right } from './right.ts';
import { hasStartSince, lastSeqIn } from './starts.ts';
import { Timeline } from './timeline.ts';
import { bootAfterResetMs, watchdogFor } from './watchdog.ts';

export type Hosts = ReadonlyMap<string, Host>;

export class Host implements Owner {
  readonly name: string;
  readonly memory: MemoryHost;
  readonly line = openLine();
  readonly bad = new Set<BadCommands>();
  readonly gossip: ReturnType<typeof gossipOf>;
  kernel: Timeline;
  right: Right;
  running: Running | null = null;
  wallOffsetMs = 0;
  /** Frozen by so many faults at once, and paused. */
  frozen = 0;
  paused = 0;
  /** Of those that froze it, so many stopped its monotonic clock, too. */
  clockStopped = 0;
  /** Its clock has stood still since it was switched on: its daemon cannot know how late it is. */
  hasLostTime = false;
  isOn = false;
  isStopping = false;
  readonly journalFaults: JournalFaults;
  readonly #parts: Parts;
  readonly #hosts: Hosts;
  readonly #random: Random;
  readonly #rate: number;
  #watchdog: WatchdogPort | null = null;
  #image: MemoryImage = emptyImage();
  /** The last record that the daemon found. */
  #seqFound = 0;
  #boots = 0;
  readonly #moments = new Moments();
  /** Its daemon has said so of itself, to whoever asked. */
  #session: string | null = null;
  /** When it wrote its record under that session. */
  #registeredMs: number | null = null;
  #lookAtDeadline: () => void = () => {};

  constructor(parts: Parts, name: string, hosts: Hosts) {
    this.#parts = parts;
    this.name = name;
    this.#hosts = hosts;
    this.#random = parts.random.fork();
    this.#rate = parts.shape.rates[parts.shape.nodes.indexOf(name)] ?? 1;
    this.memory = parts.network.host(name);
    this.journalFaults = new JournalFaults(parts.world);
    parts.shared.watch(this.memory, parts.shape, parts.random.fork());
    parts.judge.watch(this.memory);
    this.kernel = this.#timeline();
    this.right = this.#rightOf(this.kernel);
    this.gossip = gossipOf(parts, this);
  }

  powerOn(): void {
    if (this.isOn) return;
    this.isOn = true;
    this.#boots += 1;
    this.kernel = this.#timeline();
    if (this.frozen > 0) this.kernel.standStill();
    this.hasLostTime = this.clockStopped > 0;
    if (this.hasLostTime) this.kernel.stopClock();
    this.right = this.#rightOf(this.kernel);
    this.#watchdog = watchdogFor(this.#parts, () => this.#reset());
    this.#parts.shared.boot(this.name, this.kernel);
    this.#parts.trace.note(this.name, () => 'has power');
    this.gossip.changed();
    this.startDaemon();
  }

  /** Everything in memory is gone; the journal keeps what was durable. */
  powerOff(): void {
    if (!this.isOn) return;
    this.isOn = false;
    this.#parts.trace.note(this.name, () => 'loses its power');
    this.kill();
    void this.#watchdog?.disarm();
    this.kernel.end();
    this.#parts.shared.powerLost(this.name);
    this.#parts.network.crash(this.name);
    this.gossip.changed();
  }

  startDaemon(): void {
    if (!this.isOn || this.running !== null) return;
    this.isStopping = false;
    this.#parts.peers.noteTrouble(this.name);
    const process = this.#timeline(this.kernel);
    if (this.paused > 0 || this.frozen > 0) process.standStill();
    this.#seqFound = lastSeqIn(this.#image);
    const journal = memoryJournal({ image: this.#image });
    this.running = this.#start(process, journal);
    const { daemon } = this.running;
    this.journalFaults.use(journal);
    this.#parts.trace.note(this.name, () => 'its daemon starts');
    daemon.engine.follow((record) => this.#onRecord(record, process));
    daemon.start().catch((error: unknown) => {
      const what = `${this.name} does not start: ${error instanceof Error ? error.message : String(error)}`;
      this.#parts.judge.violate(/replayed/.test(what) ? 'the journal diverged' : 'a daemon broke', what);
    });
    this.#lookAtDeadline = watchDeadline(this.#parts, this, process);
    watchMaintenance(this.#parts, this.name, daemon, process);
  }

  /** The daemon is gone without a word. */
  kill(journal: 'kept' | 'lost' = 'kept'): void {
    const { running } = this;
    if (running === null) return;
    this.#moments.forget();
    this.#ended(running, () => (journal === 'lost' ? emptyImage() : running.journal.crash().image));
    if (journal === 'lost') this.right.forget();
    this.#parts.trace.note(this.name, () => `its daemon is killed${journal === 'lost' ? ', its journal is lost' : ''}`);
  }

  /** Stopped in order. */
  async stop(how: 'keep' | 'drain'): Promise<void> {
    const { running } = this;
    if (running === null) return;
    this.#parts.trace.note(this.name, () => `its daemon is told to stop (${how})`);
    this.isStopping = true;
    await running.daemon.stop(how, 20_000);
    await running.feeding?.stop();
    if (this.running !== running) return;
    this.#ended(running, () => ({ ...running.journal.image, holder: null }));
    this.#parts.trace.note(this.name, () => 'its daemon has stopped');
  }

  /** Until the next daemon has registered, nobody counts on this one. */
  #ended({ process }: Running, left: () => MemoryImage): void {
    this.running = null;
    this.#session = null;
    process.end();
    this.#image = left();
    this.right.ended(hasStartSince(this.#seqFound, this.#image));
  }

  /** Carried out at once or at the n-th record, command or request from now. */
  at(moment: Moment, happen: () => void): void {
    if (this.running === null) happen();
    else this.#moments.at(moment, happen);
  }

  /** Its processes, and its kernel too when it is frozen, stand still while a fault says so. */
  adjust(random: Random): void {
    this.hasLostTime ||= this.clockStopped > 0;
    if (this.clockStopped > 0) this.kernel.stopClock();
    else this.kernel.startClock();
    this.#parts.peers.noteTrouble(this.name);
    const order = <T>(held: T[]): T[] => (random.chance(0.5) ? held : held.toReversed());
    for (const [line, still] of [[this.kernel, this.frozen > 0],
      [this.running?.process, this.frozen > 0 || this.paused > 0]] as const) {
      if (line === undefined) continue;
      if (still) line.standStill();
      else line.goOn(order);
    }
    this.gossip.changed();
  }

  enabledPaths(): readonly string[] {
    const paths = [...(this.running?.daemon.engine.registry.all() ?? [])].filter(({ id }) => id.startsWith('path/'));
    return paths.filter(({ snapshot }) => stateOf(snapshot) === 'enabled').map(({ id }) => id);
  }

  /** Its daemon runs, and would answer as this incarnation. */
  speaksAs(session: string): boolean {
    const { process, daemon } = this.running ?? {};
    const answers = process?.isRunning === true && daemon?.hasStarted === true && !this.isStopping;
    return answers && this.#session === session;
  }

  get isJoined(): boolean {
    const node = this.running?.daemon.engine.registry.get('node');
    return node !== undefined && tagsOf(node.snapshot).includes('joined');
  }

  #reset(): void {
    this.#parts.trace.note(this.name, () => 'its watchdog was not fed and resets it');
    this.powerOff();
    this.#parts.world.after(bootAfterResetMs, () => this.powerOn());
  }

  #rightOf(kernel: Timeline): Right {
    return new Right(() => kernel.monotonicMs(), () => this.#lookAtDeadline());
  }

  #timeline(host?: Timeline): Timeline {
    const { world, shape } = this.#parts;
    return new Timeline({
      world, rate: this.#rate, earlyMs: shape.timersEarlyMs, wallOffsetMs: () => this.wallOffsetMs,
      ...(host === undefined ? {} : { host }),
    });
  }

  #start(process: Timeline, journal: Running['journal']): Running {
    const { world, trace } = this.#parts;
    return daemonOn(this.#parts, {
      host: this, hosts: this.#hosts, kernel: this.kernel, process, journal, watchdog: this.#watchdog, line: this.line,
      bad: this.bad, boots: this.#boots, random: this.#random.fork(), moments: this.#moments,
      onRefused: (reason) => {
        trace.note(this.name, () => `refused: ${reason}`);
        // As systemd would.
        world.after(0, () => this.kill());
        world.after(2_000, () => this.startDaemon());
      },
    });
  }

  #onRecord({ seq, actor, event, value }: JournalRecord, process: Timeline): void {
    const { trace } = this.#parts;
    trace.mark(actor, seq);
    trace.note(this.name, () => `${actor}: ${event.type}${because(event)} → ${JSON.stringify(value)}`);
    // With its journal in trouble it may be written late.
    const isLate = this.journalFaults.feltSince(this.#parts.world.nowMs);
    if (event.type === 'peer.missed' && !isLate) this.#parts.peers.judgeMissed(this.#hosts, event);
    if (process.isEnded) return;
    if (actor === 'node') this.#noteSession();
    if (event.type === 'node.registered') this.#registeredMs = this.#parts.world.nowMs;
    this.#moments.passes('record');
  }

  get livesSinceMs(): number | null {
    const lives = this.running !== null && !this.isStopping && this.#session !== null;
    return lives && this.#parts.store.state.sessions.has(this.#session ?? '') ? this.#registeredMs : null;
  }

  /** Until others know it under another one they cannot hear it. */
  #noteSession(): void {
    const node = this.running?.daemon.engine.registry.get('node');
    const session = (node?.snapshot.context as NodeContext | undefined)?.session ?? null;
    if (session === this.#session) return;
    this.#session = session;
    this.#registeredMs = null;
    this.#parts.peers.noteTrouble(this.name);
  }
}

const because = (event: object): string => {
  const reason: unknown = Reflect.get(event, 'reason');
  return typeof reason === 'string' ? ` (${reason})` : '';
};
