// Carries the plan out, one fault at a time, and takes back what lasts.
import { actorIds, keys } from '../../src/core/records.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import { portalKey } from '../../adapters/memory-host.ts';
import type { Host, Hosts } from './host.ts';
import { portalPort } from './judge.ts';
import type { Parts } from './parts.ts';
import type { Fault } from './fault.ts';
import { chanceOf } from './plan.ts';

export function carryOut(parts: Parts, hosts: Hosts, plan: readonly Fault[]): void {
  for (const fault of plan) parts.world.at(fault.atMs, () => happen({ parts, hosts }, fault));
  // A command of an operator may be carried out late, after the one that took it back.
  for (const laterMs of [5_000, 60_000]) {
    parts.world.at(parts.shape.troubleMs + laterMs, () => tidyUp({ parts, hosts }));
  }
}

function tidyUp(here: Here): void {
  for (const { disk } of here.parts.shape.disks) start(here, disk);
  for (const node of here.parts.shape.nodes) undrain(here, node);
  for (const of of [null, ...here.parts.shape.nodes]) endMaintenance(here, of);
}

interface Here {
  readonly parts: Parts;
  readonly hosts: Hosts;
}

function happen(here: Here, fault: Fault): void {
  const { parts, hosts } = here;
  parts.trace.note('----', () => JSON.stringify(fault));
  parts.trace.mark(fault.kind, fault.atMs);
  const until = (end: () => void): void => {
    if (!('forMs' in fault)) return;
    parts.world.after(fault.forMs, () => {
      parts.trace.note('----', () => `over: ${fault.kind}`);
      end();
    });
  };
  if ('node' in fault) {
    const host = hosts.get(fault.node);
    if (host !== undefined) onHost(here, fault, host, until);
    return;
  }
  switch (fault.kind) {
    case 'noLeader':
      parts.consul.loseLeader(fault.silent);
      return until(() => parts.consul.electLeader(fault.silent));
    case 'split':
      split(here, fault, 1);
      return until(() => split(here, fault, -1));
    case 'stopDisk':
      tell(here, actorIds.disk(fault.disk), { type: 'operator.stop', by: 'ada', reason: 'a test' });
      return until(() => start(here, fault.disk));
    case 'badFence': {
      const bad = { how: fault.how };
      parts.fences.add(bad);
      return until(() => parts.fences.delete(bad));
    }
  }
}

/** One side reaches neither Consul nor the other one. */
function split({ parts, hosts }: Here, { side, gossip }: Extract<Fault, { kind: 'split' }>, by: number): void {
  for (const host of hosts.values()) {
    if (!side.includes(host.name)) continue;
    cutOff(host, { way: 'both', gossip }, by);
    for (const other of hosts.keys()) {
      if (side.includes(other)) continue;
      parts.peers.cut(host.name, other, by);
      parts.peers.cut(other, host.name, by);
    }
  }
}

function cutOff({ line, gossip }: Host, fault: Pick<Extract<Fault, { kind: 'cutOff' }>, 'way' | 'gossip'>, by: number) {
  if (fault.way !== 'answers') line.requestsCut += by;
  if (fault.way !== 'requests') line.answersCut += by;
  if (fault.gossip) gossip.faults.silent += by;
  gossip.changed();
}

type Until = (end: () => void) => void;
type OnHost = Extract<Fault, { readonly node: string }>;

function onHost(here: Here, fault: OnHost, host: Host, until: Until): void {
  const { world } = here.parts;
  switch (fault.kind) {
    case 'killDaemon':
      return host.at(fault.moment, () => {
        host.kill(fault.journal);
        world.after(fault.downMs, () => host.startDaemon());
      });
    case 'powerLoss':
      return host.at(fault.moment, () => {
        host.powerOff();
        world.after(fault.downMs, () => host.powerOn());
      });
    case 'restart':
      void host.stop(fault.how).then(() => world.after(fault.downMs, () => host.startDaemon()));
      return;
    case 'pauseDaemon':
    case 'freezeHost': {
      const what = fault.kind === 'pauseDaemon' ? 'paused' : 'frozen';
      const random = chanceOf(fault);
      const by = (count: number): void => {
        host[what] += count;
        if (fault.kind === 'freezeHost' && fault.clockStops) host.clockStopped += count;
        host.adjust(random);
      };
      return host.at(fault.moment, () => {
        if (world.nowMs + fault.forMs > here.parts.shape.troubleMs) return;
        by(1);
        until(() => by(-1));
      });
    }
    case 'wallJump':
      host.wallOffsetMs += fault.byMs;
      return;
    default:
      return onLine(here, fault, host, until);
  }
}

type OnLine = Exclude<OnHost, { readonly kind: 'killDaemon' | 'powerLoss' | 'restart' | 'pauseDaemon' | 'freezeHost' |
  'wallJump' }>;

function onLine(here: Here, fault: OnLine, host: Host, until: Until): void {
  const { line, gossip } = host;
  switch (fault.kind) {
    case 'lossy': {
      const lossy = { ...fault, random: chanceOf(fault) };
      line.lossy.add(lossy);
      return until(() => line.lossy.delete(lossy));
    }
    case 'cutOff':
      cutOff(host, fault, 1);
      return until(() => cutOff(host, fault, -1));
    case 'peersCut':
    case 'peersLossy':
      return onPeers(here, fault, host, until);
    case 'unlinked':
      host.memory.linkUp = false;
      return until(() => {
        host.memory.linkUp = true;
      });
    case 'gossipLies':
      gossip.faults.lies += 1;
      gossip.changed();
      return until(() => {
        gossip.faults.lies -= 1;
        gossip.changed();
      });
    case 'endSession':
      return endSession(here, host);
    default:
      return inside(here, fault, host, until);
  }
}

type OnPeers = Extract<OnLine, { readonly kind: 'peersCut' | 'peersLossy' }>;

function onPeers({ parts: { peers } }: Here, fault: OnPeers, { name }: Host, until: Until): void {
  if (fault.kind === 'peersLossy') {
    return until(peers.lose({ ...fault, random: chanceOf(fault) }));
  }
  const cut = (by: number): void => {
    for (const other of fault.others) {
      if (fault.way !== 'in') peers.cut(name, other, by);
      if (fault.way !== 'out') peers.cut(other, name, by);
    }
  };
  cut(1);
  return until(() => cut(-1));
}

type Inside = Exclude<OnLine, { readonly kind: 'lossy' | 'peersCut' | 'peersLossy' |
  'cutOff' | 'unlinked' | 'gossipLies' | 'endSession' }>;

function inside(here: Here, fault: Inside, host: Host, until: Until): void {
  switch (fault.kind) {
    case 'badCommands': {
      const bad = { ...fault, random: chanceOf(fault) };
      host.bad.add(bad);
      return until(() => host.bad.delete(bad));
    }
    case 'badJournal':
      host.journalFaults.set(fault.how);
      return until(() => host.journalFaults.set(null));
    case 'tamper':
      return tamper(here, host, fault.path, fault.what);
    case 'drain':
      tell(here, 'node', { type: 'operator.drain', node: fault.node, by: 'ada', reason: 'a test' }, host);
      return until(() => undrain(here, fault.node));
    case 'maintenance': {
      const of = fault.of === 'node' ? { node: fault.node } : {};
      const timed = fault.isTimed ? { forMs: fault.forMs } : {};
      tell(here, 'node', { type: 'operator.maintain', ...of, ...timed, by: 'ada', reason: 'a test' }, host);
      if (fault.isTimed) return;
      return until(() => endMaintenance(here, fault.of === 'node' ? fault.node : null));
    }
    case 'release': {
      const wish = { type: 'operator.release', by: 'ada', reason: 'a test' };
      return tell(here, `path/${fault.path}`, fault.to === null ? wish : { ...wish, to: fault.to }, host);
    }
    case 'confirmDown': {
      const by = here.hosts.get(fault.by);
      // Said only when it is true.
      if (host.isOn || by === undefined) return;
      return tell(here, 'node', { type: 'operator.confirmDown', node: host.name, by: 'ada', reason: 'it is off' }, by);
    }
  }
}

/** An operator asks this node, or any that is up. */
function tell({ hosts }: Here, actor: string, event: DomainEvent & Record<string, unknown>, at?: Host): void {
  const asked = at?.running?.process.isRunning === true ? at : [...hosts.values()].find((host) => host.isJoined);
  const running = asked?.running;
  if (running?.process.isRunning !== true) return;
  void running.daemon.engine.post(actor, event, { kind: 'operator', by: 'ada', reason: 'a test' });
}

const retryMs = 2_000;

/** Operators do not go before it is done. */
function undrain(here: Here, node: string): void {
  if (!here.parts.store.state.kv.has(`pathwarden/${keys.drain(node)}`)) return;
  tell(here, 'node', { type: 'operator.undrain', node, by: 'ada', reason: 'a test' });
  here.parts.world.after(retryMs, () => undrain(here, node));
}

function endMaintenance(here: Here, of: string | null): void {
  if (!here.parts.store.state.kv.has(`pathwarden/${keys.maintenance(of)}`)) return;
  const node = of === null ? {} : { node: of };
  tell(here, 'node', { type: 'operator.endMaintenance', ...node, by: 'ada', reason: 'a test' });
  here.parts.world.after(retryMs, () => endMaintenance(here, of));
}

function start(here: Here, disk: string): void {
  const row = here.parts.store.state.kv.get(`pathwarden/${keys.disk(disk)}`);
  if (row === undefined || Buffer.from(row.value, 'base64').toString().includes('"started"')) return;
  tell(here, actorIds.disk(disk), { type: 'operator.start', by: 'ada', reason: 'a test' });
  here.parts.world.after(retryMs, () => start(here, disk));
}

function endSession({ parts }: Here, host: Host): void {
  const session = host.running?.daemon.lease.session ?? null;
  if (session !== null && parts.consul.hasLeader) parts.store.destroySession(session);
}

/** Somebody takes something of a path away by hand. */
function tamper({ parts }: Here, host: Host, path: string, what: 'address' | 'portal'): void {
  const ip = parts.shape.disks.flatMap(({ paths }) => paths).find(({ id }) => id === path)?.ip ?? '';
  if (what === 'address') host.memory.addresses.delete(ip);
  else host.memory.portals.delete(portalKey({ ip, port: portalPort }));
}
