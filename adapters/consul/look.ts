// Consul as the doctor sees it. Rights to write are shown by requests that Consul is bound to refuse: it looks at the
// token first, so that a token without the right is refused for another reason than one with it.
import type { ConsulAgentFacts, ConsulFactsPort } from '../../src/ports/doctor.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { sortReply, unexpected } from './answers.ts';
import type { ConsulApi, KvOperation } from './api.ts';
import { parseDuration } from './embedded/duration.ts';
import { readPrefix } from './reads.ts';
import { base64, commit } from './txn.ts';
import { destroySession } from './sessions.ts';

export interface LookSettings {
  readonly api: ConsulApi;
  /** With its slash at the end. */
  readonly prefix: string;
  /** Below the prefix, a key of each kind that the daemon writes. Nothing is ever written there. */
  readonly keys: readonly string[];
  /** Of the sessions, where it is not the agent's own. */
  readonly node?: string;
}

const patience = { deadlineMs: 5000 };
/** More than Consul ever takes. */
const impossibleTtl = '25h';

export function consulLook(settings: LookSettings): ConsulFactsPort {
  const { api, prefix } = settings;
  return {
    agent: () => agentFacts(api),
    leader: () => leaderOf(api),
    keys: () => readPrefix({ api, prefix }, { consistent: true }, patience),
    async mayWriteKeys() {
      const written = await commit(api, impossible(settings), patience);
      if (written.kind === 'rolledBack') return done(null);
      return written.kind === 'committed' ? unknown('consul did what it cannot do') : written;
    },
    mayUseSessions: () => mayUseSessions(settings),
  };
}

/** Takes no right, unlike everything else that the agent says of itself. */
async function leaderOf(api: ConsulApi): Promise<Outcome<string | null>> {
  const reply = await api.statusLeader(patience);
  if (reply.kind === 'answer' && /no cluster leader/i.test(reply.text)) return done(null);
  const sorted = sortReply(reply);
  if (sorted.kind !== 'ok') return sorted;
  const address = sorted.answer.body;
  if (typeof address !== 'string') return unexpected(sorted.answer);
  return done(address === '' ? null : address);
}

/** A key is there, or it is not: one of the two checks fails always, and with it the whole transaction. */
function impossible({ prefix, keys }: LookSettings): readonly KvOperation[] {
  const [first = ''] = keys;
  return [
    { Verb: 'check-not-exists', Key: prefix + first },
    { Verb: 'check-index', Key: prefix + first, Index: 1 },
    ...keys.map((key): KvOperation => ({ Verb: 'set', Key: prefix + key, Value: base64('') })),
  ];
}

async function mayUseSessions({ api, node }: LookSettings): Promise<Outcome<{ leastTtlMs: number | null }>> {
  const where = node === undefined ? {} : { node };
  const spec = { name: 'pathwarden doctor', ttl: impossibleTtl, lockDelay: '0s', nodeHealth: false, ...where };
  const reply = await api.sessionCreate(spec, patience);
  const limits = reply.kind === 'answer' ? /must be between \[([^=\]]+)=/.exec(reply.text) : null;
  if (limits !== null) return done({ leastTtlMs: parseDuration(limits[1] ?? '') });
  if (reply.kind === 'answer' && /invalid session ttl/i.test(reply.text)) return done({ leastTtlMs: null });
  const sorted = sortReply(reply);
  if (sorted.kind !== 'ok') return sorted;
  const session = sorted.answer.body?.ID;
  if (session === undefined) return unexpected(sorted.answer);
  // No Consul is known that takes such a TTL. It holds nothing, and goes again.
  await destroySession(api, session, patience);
  return done({ leastTtlMs: null });
}

/** What of `/v1/agent/self` is read here. Older and newer agents leave some of it out. */
interface SelfJson {
  readonly Config: { readonly NodeName: string; readonly Version?: string; readonly Server?: boolean };
  readonly DebugConfig?: { readonly ConsulRaftElectionTimeout?: string };
}

async function agentFacts(api: ConsulApi): Promise<Outcome<ConsulAgentFacts>> {
  const reply = await api.agentSelf(patience);
  const now = Date.now();
  const sorted = sortReply(reply);
  if (sorted.kind !== 'ok') return sorted;
  const { body, date } = sorted.answer;
  const { Config, DebugConfig } = (body ?? {}) as Partial<SelfJson>;
  if (Config === undefined) return refused('it is no Consul agent', 'invalid');
  const sentMs = Date.parse(date ?? '');
  return done({
    version: Config.Version ?? 'unknown version',
    node: Config.NodeName,
    isServer: Config.Server === true,
    electionTimeoutMs: parseDuration(DebugConfig?.ConsulRaftElectionTimeout ?? ''),
    clockAheadMs: Number.isNaN(sentMs) ? null : sentMs - now,
  });
}
