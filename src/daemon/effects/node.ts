// The session of this node and its record.
import type { DomainEvent } from '../../../machines/intent.ts';
import { livingPeers } from '../../core/peers.ts';
import { keys, type NodeRecord } from '../../core/records.ts';
import { readNodeRecord } from '../../core/view.ts';
import type { ClusterEntry } from '../../ports/cluster.ts';
import { done, refused, unknown, type Outcome } from '../../ports/outcome.ts';
import type { Effects, Facts } from '../dispatcher.ts';
import { readView, servedWithoutRight } from './left-served.ts';
import { consulOptions, type EffectParts } from './parts.ts';

type Params = Readonly<Record<string, unknown>>;
type Answer = Promise<Outcome<Facts | null>>;

export function nodeEffects(parts: EffectParts): Effects {
  return {
    'session.find': (params) => find(parts, params),
    'session.create': () => createSession(parts),
    'session.destroy': (params) => destroySession(parts, String(params['session'])),
    'node.register': (params) => register(parts, params, false),
    'node.announceLeaving': (params) => register(parts, params, true),
    'node.writeAsks': (params) => writeAsks(parts, params),
    'peer.endSession': (params) => endSessionOf(parts, params),
    'paths.fence': (params, { intent }) => {
      const event = { type: 'lease.lost', reason: String(params['reason']) } as DomainEvent;
      for (const { id } of parts.registry.all()) {
        if (id.startsWith('path/')) parts.post(id, event, { kind: 'intent', id: intent });
      }
      return Promise.resolve(done(null));
    },
  };
}

/**
 * The session that our record in Consul is locked by, else that of the journal, which may be older or missing.
 * Nothing is renewed before it is certain that no other daemon keeps it alive: another one of our name, or a copy of
 * this host with all its files.
 */
async function find(parts: EffectParts, params: Params): Answer {
  const known = params['session'] as string | null;
  const read = await parts.cluster.read(keys.node(parts.settings.node), consulOptions(parts));
  if (read.kind !== 'done') return read;
  const holder = read.value?.session ?? null;
  const session = holder ?? known;
  if (session === null) return refused('there is no session to go on with', 'none');
  if (read.value !== null && holder !== null) {
    const record = recordIn(read.value);
    if (holder !== known && !isOfThisDaemon(parts, record)) return foreign(parts, read.value);
    if (record !== null && record.bootId !== parts.settings.bootId) {
      return unknown('the session of an earlier boot of this host, or of a copy of it, has not ended yet');
    }
  }
  const code = known === null ? 'none' : 'gone';
  const renewed = await renew(parts, session);
  if (renewed.kind === 'done') return unspent(parts, session, code);
  // Ended between the two requests: what the journal says comes next.
  if (renewed.kind === 'refused' && known !== null && session !== known) return unknown(renewed.reason);
  return renewed.kind === 'refused' && known === null ? refused('there is no session to go on with', code) : renewed;
}

/** Written from the same state directory, or at this very place, where no other daemon of our name runs now. */
function isOfThisDaemon({ settings }: EffectParts, record: NodeRecord | null): boolean {
  if (record === null) return false;
  if (record.instance === settings.instance) return true;
  return record.place !== undefined && record.place === settings.place;
}

async function renew(parts: EffectParts, session: string) {
  const { cluster, clock, noteSent } = parts;
  const sentAtMs = clock.monotonicMs();
  const renewed = await cluster.renewSession(session, consulOptions(parts));
  if (renewed.kind === 'done') noteSent(session, sentAtMs);
  return renewed;
}

/** A session whose exclusion was asked for must never hold a lock again: a proof would stand before it is lost. */
async function unspent(parts: EffectParts, session: string, code: string): Answer {
  const exclusion = await parts.cluster.read(keys.exclusion(session), consulOptions(parts));
  if (exclusion.kind !== 'done') return unknown('nobody can say whether our last session was excluded');
  return exclusion.value === null ? done({ session }) : refused('our last session was excluded', code);
}

/** Not while something of an earlier one is served here: it would go on with a new deadline instead of its own. */
async function createSession(parts: EffectParts): Answer {
  const { cluster, settings, clock, noteSent } = parts;
  const view = await readView(parts);
  if (view.kind !== 'done') return view;
  const left = await servedWithoutRight(parts, view.value);
  if (left.kind !== 'done') return left;
  if (left.value !== null) return refused(`${left.value} is still served here, and this node has no session`);
  const sentAtMs = clock.monotonicMs();
  const { ttlMs, lockDelayMs, nodeHealth } = settings.session;
  const spec = { name: `pathwarden ${settings.node}`, ttlMs, lockDelayMs, nodeHealth };
  const outcome = await cluster.createSession(spec, consulOptions(parts));
  if (outcome.kind !== 'done') return outcome;
  noteSent(outcome.value.session, sentAtMs);
  return done({ session: outcome.value.session });
}

async function destroySession(parts: EffectParts, session: string): Answer {
  if (session === '') return done(null);
  return parts.cluster.destroySession(session, consulOptions(parts));
}

async function register(parts: EffectParts, params: Params, leaving: boolean): Answer {
  const key = keys.node(parts.settings.node);
  const session = String(params['session']);
  const before = await parts.cluster.read(key, consulOptions(parts));
  if (before.kind !== 'done') return before;
  const entry = before.value;
  if (entry !== null && entry.session !== null && entry.session !== session) {
    return recordIn(entry)?.instance === String(params['instance'])
      ? refused('our record is still locked by our own last session', 'held')
      : foreign(parts, entry);
  }
  const value = JSON.stringify(recordOf(parts, params, leaving));
  const written =
    entry?.session === session
      ? await parts.cluster.update({ key, session, lockIndex: entry.lockIndex }, value, consulOptions(parts))
      : await parts.cluster.acquire(
          { key, session, value, expectedModifyIndex: entry?.modifyIndex ?? 0 },
          consulOptions(parts),
        );
  return written.kind === 'done' ? done({ modifyIndex: written.value.modifyIndex }) : written;
}

function recordOf(parts: EffectParts, params: Params, leaving: boolean): NodeRecord {
  const { settings, clock } = parts;
  return {
    node: settings.node,
    instance: String(params['instance']),
    bootId: String(params['bootId']),
    ...(settings.place === undefined ? {} : { place: settings.place }),
    version: settings.version,
    ...(settings.standstillMs === undefined ? {} : { standstillMs: settings.standstillMs }),
    ...peersOf(parts),
    inspector: settings.inspector,
    roles: [...settings.roles],
    leaving,
    since: clock.wallMs(),
  };
}

/** Whoever lives by our view is asked; who is not in the record has to take us for one that asks nobody. */
function peersOf(parts: EffectParts): Pick<NodeRecord, 'peers' | 'asks'> {
  const { node, peers } = parts.settings;
  if (peers === undefined) return {};
  const asks = peers.failsafe ? { asks: livingPeers(parts.view(), node).map(({ session }) => session) } : {};
  return { peers: peers.address, ...asks };
}

async function writeAsks(parts: EffectParts, params: Params): Answer {
  const key = keys.node(parts.settings.node);
  const session = String(params['session']);
  const before = await parts.cluster.read(key, consulOptions(parts));
  if (before.kind !== 'done') return before;
  if (before.value?.session !== session) return refused('our record is not locked by our session', 'gone');
  const value = JSON.stringify({ ...recordOf(parts, params, false), since: recordIn(before.value)?.since });
  const written = await parts.cluster.update({ key, session, lockIndex: before.value.lockIndex }, value,
    consulOptions(parts));
  return written.kind === 'done' ? done(null) : written;
}

/** Ended only while it is the session that the node lives by. What it held is dirty then, and has to be proven. */
async function endSessionOf(parts: EffectParts, params: Params): Answer {
  const session = String(params['session']);
  const read = await parts.cluster.read(keys.node(String(params['node'])), consulOptions(parts));
  if (read.kind !== 'done') return read;
  if (read.value?.session !== session) return refused('that node does not live by that session any more', 'gone');
  return destroySession(parts, session);
}

function recordIn({ value }: ClusterEntry): NodeRecord | null {
  try {
    return readNodeRecord(value);
  } catch {
    return null;
  }
}

const foreign = ({ settings }: EffectParts, entry: ClusterEntry) =>
  refused(
    `another daemon runs as node ${settings.node}: instance ${recordIn(entry)?.instance ?? 'unknown'} holds its ` +
      `record with session ${entry.session ?? '?'}. Give this node another name, or stop the other daemon.`,
    'foreign',
  );
