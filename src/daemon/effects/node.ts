// The session of this node and its record.
import type { DomainEvent } from '../../../machines/intent.ts';
import { keys, type NodeRecord } from '../../core/records.ts';
import { readNodeRecord } from '../../core/view.ts';
import type { ClusterEntry } from '../../ports/cluster.ts';
import { done, refused, unknown, type Outcome } from '../../ports/outcome.ts';
import type { Effects, Facts } from '../dispatcher.ts';
import type { EffectParts } from './parts.ts';

type Params = Readonly<Record<string, unknown>>;
type Answer = Promise<Outcome<Facts | null>>;

export function nodeEffects(parts: EffectParts): Effects {
  return {
    'session.find': (params) => find(parts, params),
    'session.create': () => createSession(parts),
    'session.destroy': (params) => destroySession(parts, String(params['session'])),
    'node.register': (params) => register(parts, params, false),
    'node.announceLeaving': (params) => register(parts, params, true),
    'paths.fence': (params, { intent }) => {
      const event = { type: 'lease.lost', reason: String(params['reason']) } as DomainEvent;
      for (const { id } of parts.registry.all()) {
        if (id.startsWith('path/')) parts.post(id, event, { kind: 'intent', id: intent });
      }
      return Promise.resolve(done(null));
    },
  };
}

const optionsOf = ({ settings }: EffectParts) => ({ deadlineMs: settings.deadlines.consulMs });

/** The session of the journal if it still lives; else the one that our own record in Consul is locked by. */
async function find(parts: EffectParts, params: Params): Answer {
  const known = params['session'] as string | null;
  if (known !== null) {
    const renewed = await renew(parts, known);
    return renewed.kind === 'done' ? unspent(parts, known, 'gone') : renewed;
  }
  const entry = await parts.cluster.read(keys.node(parts.settings.node), optionsOf(parts));
  if (entry.kind !== 'done') return entry;
  if (entry.value === null || entry.value.session === null)
    return refused('there is no session to go on with', 'none');
  if (instanceOf(entry.value) !== String(params['instance'])) return foreign(parts, entry.value);
  const renewed = await renew(parts, entry.value.session);
  if (renewed.kind === 'refused') return refused('there is no session to go on with', 'none');
  return renewed.kind === 'done' ? unspent(parts, entry.value.session, 'none') : renewed;
}

async function renew({ cluster, settings, clock, noteSent }: EffectParts, session: string) {
  const sentAtMs = clock.monotonicMs();
  const renewed = await cluster.renewSession(session, { deadlineMs: settings.deadlines.consulMs });
  if (renewed.kind === 'done') noteSent(session, sentAtMs);
  return renewed;
}

/** A session whose exclusion was asked for must never hold a lock again: a proof would stand before it is lost. */
async function unspent(parts: EffectParts, session: string, code: string): Answer {
  const exclusion = await parts.cluster.read(keys.exclusion(session), optionsOf(parts));
  if (exclusion.kind !== 'done') return unknown('nobody can say whether our last session was excluded');
  return exclusion.value === null ? done({ session }) : refused('our last session was excluded', code);
}

async function createSession({ cluster, settings, clock, noteSent }: EffectParts): Answer {
  const sentAtMs = clock.monotonicMs();
  const { ttlMs, lockDelayMs, nodeHealth } = settings.session;
  const spec = { name: `pathwarden ${settings.node}`, ttlMs, lockDelayMs, nodeHealth };
  const outcome = await cluster.createSession(spec, { deadlineMs: settings.deadlines.consulMs });
  if (outcome.kind !== 'done') return outcome;
  noteSent(outcome.value.session, sentAtMs);
  return done({ session: outcome.value.session });
}

async function destroySession(parts: EffectParts, session: string): Answer {
  if (session === '') return done(null);
  return parts.cluster.destroySession(session, optionsOf(parts));
}

async function register(parts: EffectParts, params: Params, leaving: boolean): Answer {
  const key = keys.node(parts.settings.node);
  const session = String(params['session']);
  const before = await parts.cluster.read(key, optionsOf(parts));
  if (before.kind !== 'done') return before;
  const entry = before.value;
  if (entry !== null && entry.session !== null && entry.session !== session) {
    return instanceOf(entry) === String(params['instance'])
      ? refused('our record is still locked by our own last session', 'held')
      : foreign(parts, entry);
  }
  const value = JSON.stringify(recordOf(parts, params, leaving));
  const written =
    entry?.session === session
      ? await parts.cluster.update({ key, session, lockIndex: entry.lockIndex }, value, optionsOf(parts))
      : await parts.cluster.acquire(
          { key, session, value, expectedModifyIndex: entry?.modifyIndex ?? 0 },
          optionsOf(parts),
        );
  return written.kind === 'done' ? done({ modifyIndex: written.value.modifyIndex }) : written;
}

function recordOf({ settings, clock }: EffectParts, params: Params, leaving: boolean): NodeRecord {
  return {
    node: settings.node,
    instance: String(params['instance']),
    bootId: String(params['bootId']),
    version: settings.version,
    inspector: settings.inspector,
    roles: [...settings.roles],
    leaving,
    since: clock.wallMs(),
  };
}

function instanceOf({ value }: ClusterEntry): string | null {
  try {
    return readNodeRecord(value).instance;
  } catch {
    return null;
  }
}

const foreign = ({ settings }: EffectParts, entry: ClusterEntry) =>
  refused(
    `another daemon runs as node ${settings.node}: instance ${instanceOf(entry) ?? 'unknown'} holds its record ` +
      `with session ${entry.session ?? '?'}. Give this node another name, or stop the other daemon.`,
    'foreign',
  );
