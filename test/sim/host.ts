// One host: power, kernel, link, watchdog, and the daemon on it with its journal.
import { consulCluster } from '../../adapters/consul/cluster.ts';
import { emptyImage, memoryJournal, type MemoryImage, type MemoryJournal } from '../../adapters/journal/memory.ts';
import type { MemoryHost } from '../../adapters/memory-host.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { stateOf, tagsOf } from '../../src/core/state.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { silentLog } from '../../src/daemon/log.ts';
import { armedFirst, noteReads, type Feeding } from '../../src/daemon/feeding.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { refused } from '../../src/ports/outcome.ts';
import type { WatchdogPort } from '../../src/ports/watchdog.ts';
import { commandsOf, type BadCommands, type Hooks } from './commands.ts';
import { openLine } from './consul.ts';
import { watchDeadline } from './deadline.ts';
import { fencesOf } from './fences.ts';
import { gossipOf } from './gossip.ts';
import { journalOf } from './journal.ts';
import { watchLocks } from './locks.ts';
import { watchMaintenance } from './maintenance.ts';
import type { Parts } from './parts.ts';
import type { Moment } from './plan.ts';
import type { Powered } from './power.ts';
import type { Random } from './random.ts';
import { Right } from './right.ts';
import { settingsOf } from './settings.ts';
import { refuses } from './shape.ts';
import { Timeline } from './timeline.ts';
import { bootAfterResetMs, feedingOf, watchdogFor } from './watchdog.ts';

export type Hosts = ReadonlyMap<string, Host>;

interface Running {
  readonly daemon: Daemon;
  readonly process: Timeline;
  readonly journal: MemoryJournal;
  readonly feeding: Feeding | null;
}

export class Host implements Powered {
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
  isOn = false;
  isStopping = false;
  /** How its journal's disk is now. */
  journalFault: 'full' | 'hang' | null = null;
  readonly #parts: Parts;
  readonly #hosts: Hosts;
  readonly #random: Random;
  readonly #rate: number;
  #watchdog: WatchdogPort | null = null;
  #image: MemoryImage = emptyImage();
  #boots = 0;
  #moment: { readonly what: Moment['what']; left: number; readonly happen: () => void } | null = null;
  #endJournalFault: () => void = () => {};
  #lookAtDeadline: () => void = () => {};

  constructor(parts: Parts, name: string, hosts: Hosts) {
    this.#parts = parts;
    this.name = name;
    this.#hosts = hosts;
    this.#random = parts.random.fork();
    this.#rate = parts.shape.rates[parts.shape.nodes.indexOf(name)] ?? 1;
    this.memory = parts.network.host(name);
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
    if (this.clockStopped > 0) this.kernel.stopClock();
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
    const journal = memoryJournal({ image: this.#image });
    const { daemon, feeding } = this.#daemonOn(process, journal);
    this.running = { daemon, process, journal, feeding };
    this.#setJournalFault();
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
    this.running = null;
    this.#moment = null;
    running.process.end();
    this.#image = journal === 'lost' ? emptyImage() : running.journal.crash().image;
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
    running.process.end();
    this.running = null;
    this.#image = { ...running.journal.image, holder: null };
    this.#parts.trace.note(this.name, () => 'its daemon has stopped');
  }

  /** Carried out at once or at the n-th record, command or request from now. */
  at(moment: Moment, happen: () => void): void {
    if (moment.what === 'time' || this.running === null) happen();
    else this.#moment = { what: moment.what, left: moment.count, happen };
  }

  setJournalFault(fault: 'full' | 'hang' | null): void {
    this.journalFault = fault;
    this.#setJournalFault();
  }

  /** Its processes, and its kernel too when it is frozen, stand still while a fault says so. */
  adjust(random: Random): void {
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

  /** Its daemon runs, and would answer. */
  get isWell(): boolean {
    const { process, daemon } = this.running ?? {};
    return process?.isRunning === true && daemon?.hasStarted === true && !this.isStopping;
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

  #daemonOn(process: Timeline, journal: MemoryJournal): { daemon: Daemon; feeding: Feeding | null } {
    const { shape, consul } = this.#parts;
    const random = this.#random.fork();
    const { kernel, right } = this;
    const watchdog = this.#watchdog;
    const commands = commandsOf(this.#parts, this.name, kernel, {
      process, bad: this.bad, random: random.fork(), hooks: this.#hooks(() => daemon),
    });
    const noted = noteReads(commands);
    const arm: Feeding['arm'] = async (options) => feeding?.arm(options) ?? refused('nothing feeds it yet');
    const daemon: Daemon = new Daemon({
      settings: settingsOf(shape, this.name, this.#boots),
      clock: process,
      log: silentLog,
      journal: journalOf(journal, {
        kernel, process, commitMs: shape.commitMs, random: random.fork(), onOpen: () => right.started(),
      }),
      cluster: consulCluster({
        api: consul.apiFor(this.line, process, random.fork(), {
          onRequest: () => this.#passes('request'), onReply: watchLocks(this.#parts, this, process),
        }),
        clock: process, prefix: 'pathwarden/', node: this.name,
      }),
      dataPlane: watchdog === null ? noted.dataPlane : armedFirst(noted.dataPlane, arm),
      fences: fencesOf(this.#parts, this, this.#hosts, process, () => daemon),
      storageFences: refuses(shape) ? [commands.storage] : [],
      peers: this.#parts.peers.join(this, process),
      onRefused: (reason) => {
        this.#parts.trace.note(this.name, () => `refused: ${reason}`);
        // As systemd would.
        this.#parts.world.after(0, () => this.kill());
        this.#parts.world.after(2_000, () => this.startDaemon());
      },
    });
    const feeding = watchdog === null ? null : feedingOf(watchdog, daemon, process, noted.hasBeenRead);
    return { daemon, feeding };
  }

  #hooks(daemon: () => Daemon): Hooks {
    return {
      onCommand: () => this.#passes('command'),
      mayServe: () => this.right.remainingMs > 0,
      incarnation: (path) => {
        const { engine, lease } = daemon();
        const context = engine.registry.get(`path/${path}`)?.snapshot.context as DiskPathContext | undefined;
        return { node: this.name, session: lease.session ?? '', epoch: context?.lock?.epoch ?? 0 };
      },
    };
  }

  #onRecord({ seq, actor, event, value }: JournalRecord, process: Timeline): void {
    const { trace } = this.#parts;
    trace.mark(actor, seq);
    trace.note(this.name, () => `${actor}: ${event.type}${because(event)} → ${JSON.stringify(value)}`);
    if (event.type === 'peer.missed' && this.journalFault === null) this.#parts.peers.judgeMissed(this.#hosts, event);
    if (process.isEnded) return;
    this.#passes('record');
  }

  #passes(what: Moment['what']): void {
    const moment = this.#moment;
    if (moment?.what !== what) return;
    moment.left -= 1;
    if (moment.left > 0) return;
    this.#moment = null;
    moment.happen();
  }

  #setJournalFault(): void {
    this.#endJournalFault();
    this.#endJournalFault = () => {};
    const { running, journalFault } = this;
    if (running === null || journalFault === null) return;
    this.#endJournalFault = journalFault === 'hang' ? running.journal.hang() : running.journal.fail('no space left');
  }
}

const because = (event: object): string => {
  const reason: unknown = Reflect.get(event, 'reason');
  return typeof reason === 'string' ? ` (${reason})` : '';
};
