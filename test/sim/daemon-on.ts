// The daemon of one host: the real one, with the simulator under all of its ports.
import { consulCluster } from '../../adapters/consul/cluster.ts';
import type { MemoryJournal } from '../../adapters/journal/memory.ts';
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { armedFirst, noteReads, type Feeding } from '../../src/daemon/feeding.ts';
import { silentLog } from '../../src/daemon/log.ts';
import { refused } from '../../src/ports/outcome.ts';
import type { WatchdogPort } from '../../src/ports/watchdog.ts';
import { commandsOf, type BadCommands, type Hooks } from './commands.ts';
import type { Line } from './consul.ts';
import { fencesOf } from './fences.ts';
import { journalOf } from './journal.ts';
import { watchLocks, type Owner } from './locks.ts';
import type { Moments } from './moments.ts';
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import type { Random } from './random.ts';
import { settingsOf } from './settings.ts';
import { refuses } from './shape.ts';
import type { Timeline } from './timeline.ts';
import { feedingOf } from './watchdog.ts';

export interface Running {
  readonly daemon: Daemon;
  readonly process: Timeline;
  readonly journal: MemoryJournal;
  readonly feeding: Feeding | null;
}

/** The host as it is when the daemon starts. */
export interface Ground {
  readonly host: Owner;
  readonly hosts: ReadonlyMap<string, Powered>;
  readonly kernel: Timeline;
  readonly process: Timeline;
  readonly journal: MemoryJournal;
  readonly watchdog: WatchdogPort | null;
  readonly line: Line;
  readonly bad: ReadonlySet<BadCommands>;
  readonly boots: number;
  readonly random: Random;
  readonly moments: Moments;
  readonly onRefused: (reason: string) => void;
}

export function daemonOn(parts: Parts, ground: Ground): Running {
  const { shape, consul, peers } = parts;
  const { host, hosts, kernel, process, journal, watchdog, random, moments } = ground;
  const { name, right } = host;
  const commands = commandsOf(parts, name, kernel, {
    process, bad: ground.bad, random: random.fork(), hooks: hooksOf(ground, () => daemon),
  });
  const noted = noteReads(commands);
  const arm: Feeding['arm'] = async (options) => feeding?.arm(options) ?? refused('nothing feeds it yet');
  const daemon: Daemon = new Daemon({
    settings: settingsOf(shape, name, ground.boots),
    clock: process,
    log: silentLog,
    journal: journalOf(journal, {
      kernel, process, commitMs: shape.commitMs, random: random.fork(), onOpen: () => right.started(),
    }),
    cluster: consulCluster({
      api: consul.apiFor(ground.line, process, random.fork(), {
        onRequest: () => moments.passes('request'), onReply: watchLocks(parts, host, process),
      }),
      clock: process, prefix: 'pathwarden/', node: name,
    }),
    dataPlane: watchdog === null ? noted.dataPlane : armedFirst(noted.dataPlane, arm),
    fences: fencesOf(parts, host, hosts, process, () => daemon),
    storageFences: refuses(shape) ? [commands.storage] : [],
    peers: peers.join(host, process),
    onRefused: ground.onRefused,
  });
  const feeding = watchdog === null ? null : feedingOf(watchdog, daemon, process, noted);
  return { daemon, process, journal, feeding };
}

function hooksOf({ host, moments }: Ground, daemon: () => Daemon): Hooks {
  const { name, right } = host;
  return {
    onCommand: () => moments.passes('command'),
    mayServe: () => right.remainingMs > 0,
    hasLostTime: () => host.hasLostTime,
    incarnation: (path) => {
      const { engine, lease } = daemon();
      const context = engine.registry.get(`path/${path}`)?.snapshot.context as DiskPathContext | undefined;
      return { node: name, session: lease.session ?? '', epoch: context?.lock?.epoch ?? 0 };
    },
  };
}
