// The composition root: config in, running daemon out. The only file that knows everything.
import { systemClock } from '../adapters/clock/system.ts';
import { consulCluster } from '../adapters/consul/cluster.ts';
import { lioDataPlane, loopbackDataPlane, memoryDataPlane, tgtDataPlane } from '../adapters/dataplane.ts';
import { agentFence } from '../adapters/fence/agent.ts';
import { cephStorageFence } from '../adapters/fence/ceph-clear.ts';
import { cephFence } from '../adapters/fence/ceph.ts';
import { commandFence } from '../adapters/fence/command.ts';
import { sshPoweroff } from '../adapters/fence/ssh.ts';
import { sqliteJournal } from '../adapters/journal/sqlite.ts';
import { startLauncher } from '../adapters/launcher/launcher.ts';
import { memoryNetwork } from '../adapters/memory-host.ts';
import { udpPeers } from '../adapters/peers/udp.ts';
import { createRunner, type Run } from '../adapters/run.ts';
import { tgtRbdImages } from '../adapters/target/tgt-rbd.ts';
import { checkWatchdog } from '../adapters/watchdog/check.ts';
import { deviceWatchdog } from '../adapters/watchdog/device.ts';
import { programVersion } from './cli/version.ts';
import { configNotices, hasRealAddresses, type Config } from './config/config.ts';
import { consulApiOf } from './consul-api.ts';
import { noteCommand } from './daemon/commands.ts';
import { standstillMs, tokenAgeMs } from './config/relations-exclusion.ts';
import { Daemon } from './daemon/daemon.ts';
import { servesNothing } from './daemon/empty.ts';
import { defined } from './defined.ts';
import { armedFirst, type Feeding, noteReads, startFeeding } from './daemon/feeding.ts';
import { inspectorOf } from './daemon/inspector.ts';
import { servingPaths } from './daemon/metrics.ts';
import { refusalLog } from './daemon/refusal-log.ts';
import type { DaemonSettings } from './daemon/settings.ts';
import { signsOf } from './daemon/vitality.ts';
import { PathwardenError } from './errors.ts';
import { buildHttp } from './http/app.ts';
import { listen } from './http/listen.ts';
import { bootId, claimPlace, instanceId, operatorToken } from './identity.ts';
import { createLog, type Log } from './log.ts';
import { systemdNotifier, type Notifier } from './notify.ts';
import type { ClusterPort } from './ports/cluster.ts';
import type { DataPlane, FencePort, StorageFencePort } from './ports/dataplane.ts';
import { refused as outcomeRefused } from './ports/outcome.ts';
import type { PeersPort } from './ports/peers.ts';
import type { WatchdogPort } from './ports/watchdog.ts';

const drainDeadlineMs = 60_000;
const closeDeadlineMs = 10_000;
const statusEveryMs = 2_000;
const notifyDeadlineMs = 2_000;
const feedEveryMs = 1_000;
const storageLookEveryMs = 30_000;

/** Runs until a signal ends it. Throws what a person has to put right before it can run. */
export async function runAgent(config: Config): Promise<void> {
  const log = createLog({ level: config.log.level, node: config.node.name });
  for (const notice of configNotices(config)) log.warn({ data: { notice } }, 'configuration');
  // Only real data planes run many commands; the others need no process for it.
  const launcher = hasRealAddresses(config) ? startLauncher() : null;
  const run = createRunner({
    ...(launcher === null ? {} : { execute: launcher.run }),
    record: (record) => {
      noteCommand(record);
      log.debug({ data: record }, 'command');
    },
  });
  const notifier = systemdNotifier(process.env, (argv) => run(argv, { deadlineMs: notifyDeadlineMs }));
  const settings = await settingsOf(config);
  const clock = systemClock();
  const { promise: refused, resolve: refuse } = Promise.withResolvers<Refusal>();
  const watchdog = await watchdogOf(config, log, (reason) => refuse({ code: 'WATCHDOG_UNFIT', reason }));
  let feeding: Feeding | null = null;
  const arm: Feeding['arm'] = async (options) => (feeding === null ? notYetFed : await feeding.arm(options));
  const peers = await peersOf(config, log);
  const noted = noteReads(dataPlaneOf(config, run));
  const daemon = new Daemon({
    settings,
    clock,
    log,
    cluster: await clusterOf(config),
    // Others count on a watchdog that is required, and on no other one.
    dataPlane: config.watchdog.mode === 'required' ? armedFirst(noted.dataPlane, arm) : noted.dataPlane,
    fences: fencesOf(config, run),
    storageFences: storageFencesOf(config, run),
    journal: sqliteJournal({ file: config.journal.file, node: config.node.name }),
    ...(peers === null ? {} : { peers }),
    onRefused: (reason) => refuse({ code: 'NODE_NAME_IN_USE', reason }),
  });
  const http = buildHttp({
    inspector: inspectorOf(daemon),
    token: await operatorToken(config.http.operatorTokenFile),
    log,
  });
  const url = await listen(http, config.http);
  const signal = nextSignal();
  try {
    await daemon.start();
    const signs = () => signsOf(daemon.engine.registry, daemon.lease, noted.hasBeenRead());
    const { teardownMs } = config.watchdog;
    const feeds = { clock, log, everyMs: feedEveryMs, teardownMs, signs };
    const isEmpty = () => servesNothing(daemon, noted.dataPlane);
    feeding = watchdog === null ? null : startFeeding({ watchdog, ...feeds, servesNothing: isEmpty });
    log.info({ url, version: settings.version }, 'pathwarden runs');
    // Recovered: waiting for Consul is not a failed start.
    await notifier.ready();
    const stopTelling = tellSystemd(daemon, notifier);
    const why = await Promise.race([signal, refused]);
    stopTelling();
    await notifier.stopping();
    await stop(daemon, config, why, log);
  } finally {
    await feeding?.stop();
    await peers?.stop();
    await http.close();
    launcher?.close();
  }
}

const notYetFed = outcomeRefused('the watchdog is not fed yet');

/** Why the daemon must not go on, whatever its operator wants. */
interface Refusal {
  readonly code: 'NODE_NAME_IN_USE' | 'WATCHDOG_UNFIT';
  readonly reason: string;
}

async function stop(daemon: Daemon, config: Config, why: string | Refusal, log: Log): Promise<void> {
  if (typeof why !== 'string') {
    // Without the watchdog that others count on, nothing may stay served.
    await closing(daemon.stop(why.code === 'WATCHDOG_UNFIT' ? 'drain' : 'keep', drainDeadlineMs));
    throw new PathwardenError(why.code, why.reason, { node: config.node.name });
  }
  log.info({ signal: why, onStop: config.node.onStop }, 'stopping');
  await closing(daemon.stop(config.node.onStop, drainDeadlineMs));
  log.info({}, 'stopped');
}

/** A journal on a hung disk never closes: what is durable is durable, and the process has to end. */
async function closing(stopped: Promise<void>): Promise<void> {
  const tooLong = setTimeout(() => process.kill(process.pid, 'SIGKILL'), drainDeadlineMs + closeDeadlineMs);
  await stopped;
  clearTimeout(tooLong);
}

async function settingsOf(config: Config): Promise<DaemonSettings> {
  const { place } = await claimPlace(config.node.name);
  const { node, session, exclusion, placement, limits, deadlines, http, dataPlane } = config;
  return {
    node: node.name,
    instance: await instanceId(node.stateDir),
    bootId: await bootId(),
    ...(place === null ? {} : { place }),
    version: await programVersion(),
    ...(config.watchdog.mode === 'required' ? { standstillMs: standstillMs(config) } : {}),
    roles: node.roles,
    inspector:
      http.advertise ?? `http://${http.host.includes(':') ? `[${http.host}]` : http.host}:${String(http.port)}`,
    session,
    methods: exclusion.methods.map((method, position) => {
      if (method.method === 'self') return { method: 'self', waitMs: method.waitMs };
      if (method.method === 'leaseBound') return { method: 'leaseBound', boundMs: method.boundMs };
      return { method: method.method, position };
    }),
    fenceDeadlinesMs: exclusion.methods.map((method) => ('deadlineMs' in method ? method.deadlineMs : 0)),
    ...storageFenceSettings(config),
    rankDelayMs: placement.rankDelayMs,
    portalPort: dataPlane.portalPort,
    commandsPerKind: limits.commandsPerKind,
    mailboxEvents: limits.mailboxEvents,
    deadlines,
    announceAtMs: config.announceAtMs,
    duplicateProbeMs: config.duplicateProbeMs,
    observeEveryMs: config.observeEveryMs,
    ...peersSettings(config),
    retention: { keepDays: config.journal.keepDays, maxMegabytes: config.journal.maxMegabytes },
  };
}

const storageFenceSettings = (config: Config): Pick<DaemonSettings, 'storageFence'> => {
  const [method] = refusingMethods(config);
  return method === undefined
    ? {}
    : { storageFence: { deadlineMs: method.deadlineMs, lookEveryMs: storageLookEveryMs } };
};

const peersSettings = ({ peers: { advertise, heartbeat, failsafe } }: Config): Pick<DaemonSettings, 'peers'> =>
  advertise === undefined ? {} : { peers: { address: advertise, ...heartbeat, failsafe } };

/** Null when they are off. Throws what `udpPeers` throws. */
async function peersOf({ node, peers }: Config, log: Log): Promise<PeersPort | null> {
  const { listen, keyFile, previousKeyFile } = peers;
  if (listen === undefined || keyFile === undefined) return null;
  const clock = systemClock();
  return udpPeers({
    node: node.name,
    listen,
    keyFile,
    ...defined({ previousKeyFile }),
    clock,
    onRefused: refusalLog(log, clock),
    onTrouble: (reason) => log.warn({ data: { reason } }, 'the peers are in trouble'),
  });
}

/** An election takes 2 s and more; asking twice as often costs an idle daemon another 0.2 % of a core. */
const leaderEveryMs = 500;

async function clusterOf(config: Config): Promise<ClusterPort> {
  const { prefix, sessionNode } = config.consul;
  const api = await consulApiOf(config);
  return consulCluster({ api, clock: systemClock(), prefix, leaderEveryMs, ...defined({ node: sessionNode }) });
}

function dataPlaneOf({ dataPlane, node, ceph }: Config, run: Run): DataPlane {
  if (dataPlane.kind === 'tgt') return tgtDataPlane({ run, controlPort: dataPlane.tgt.controlPort, ceph });
  if (dataPlane.kind === 'lio') return lioDataPlane({ run, ceph, tuning: dataPlane.lio });
  if (dataPlane.kind === 'loopback') return loopbackDataPlane({ node: node.name, portalPort: dataPlane.portalPort });
  return memoryDataPlane({ node: node.name, network: memoryNetwork(), clock: systemClock() });
}

function fencesOf({ exclusion }: Config, run: Run): readonly (FencePort | undefined)[] {
  return exclusion.methods.map((method) => {
    if (method.method === 'command') return commandFence({ run, argv: method.argv });
    if (method.method === 'ceph') return cephFence({ run, ...method });
    if (method.method === 'sshPoweroff') return sshPoweroff({ run, ...method });
    if (method.method !== 'fenceAgent') return undefined;
    const { agent, parameters = {}, secretFiles = {}, nodes = {} } = method;
    return agentFence({ run, agent, parameters, secretFiles, nodes });
  });
}

/** Storages that other nodes can tell to refuse this one. */
const refusingMethods = ({ exclusion, node }: Config) =>
  exclusion.methods.filter((method) => method.method === 'ceph').filter(({ nodes }) => Object.hasOwn(nodes, node.name));

function storageFencesOf(config: Config, run: Run): readonly StorageFencePort[] {
  const { kind, tgt } = config.dataPlane;
  const open = kind === 'tgt' ? { openInTarget: tgtRbdImages({ run, controlPort: tgt.controlPort }) } : {};
  return refusingMethods(config).map((method) => cephStorageFence({ run, ...method }, config.node.name, open));
}

/** Null without a watchdog. Throws `WATCHDOG_UNFIT` when one is required and would not reset this host. */
async function watchdogOf(
  { watchdog: { mode, device, timeoutMs } }: Config,
  log: Log,
  onFailed: (reason: string) => void,
): Promise<WatchdogPort | null> {
  if (mode === 'off') return null;
  const check = await checkWatchdog(device, timeoutMs);
  if (check.kind === 'unfit') {
    if (mode === 'required') throw new PathwardenError('WATCHDOG_UNFIT', check.reason, { device });
    log.warn({ data: { reason: check.reason } }, 'no watchdog is used');
    return null;
  }
  if (check.warning !== null) log.warn({ data: { warning: check.warning } }, 'watchdog');
  return deviceWatchdog({
    device,
    tokenAgeMs,
    onOpened: () => log.info({ data: { device, identity: check.identity } }, 'the watchdog is armed'),
    onFailed(reason) {
      if (mode === 'required') onFailed(reason);
      else log.warn({ data: { reason } }, 'the watchdog cannot be fed');
    },
  });
}

const nextSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(signal));
  });

/** A status line every few seconds, and WATCHDOG while a new start would not be better. */
function tellSystemd(daemon: Daemon, notifier: Notifier): () => void {
  const inspector = inspectorOf(daemon);
  let beats = 0;
  const tell = async (): Promise<void> => {
    const health = inspector.health();
    const serving = servingPaths(daemon);
    await notifier.status(health.ready ? `serves ${String(serving)} paths` : health.reasons.join('; '));
  };
  const everyMs = Math.min(statusEveryMs, (notifier.watchdogMs ?? statusEveryMs * 2) / 2);
  const timer = setInterval(() => {
    beats += 1;
    if (notifier.watchdogMs !== null && inspector.health().live) void notifier.alive();
    if ((beats * everyMs) % statusEveryMs < everyMs) void tell();
  }, everyMs);
  return () => clearInterval(timer);
}
