// What Consul's leader was asked hangs until its deadline when its host dies, also when another one leads by then. So
// the agent of this host is asked who leads, which it knows by itself: on a change nobody waits any longer.
import type { Clock } from '../../src/ports/clock.ts';
import type { ConsulApi, ConsulReply, RequestOptions } from './api.ts';
import { pause } from './token-bucket.ts';

export interface Elections {
  /**
   * The same requests. Those that wait when another server leads are called off, blocking queries excepted; what can be
   * asked twice is asked again, and of anything else it is not known what became of it.
   */
  readonly api: ConsulApi;
  /** Looks who leads until it is stopped. */
  follow(onElected: () => void): { stop(): void };
}

type Request<Body> = (options: RequestOptions) => Promise<ConsulReply<Body>>;

const elected = 'another server leads';

export function elections(api: ConsulApi, clock: Clock, everyMs: number): Elections {
  const waiting = new Set<AbortController>();

  async function once<Body>(request: Request<Body>, options: RequestOptions): Promise<ConsulReply<Body>> {
    const own = new AbortController();
    const signal = options.signal === undefined ? own.signal : AbortSignal.any([options.signal, own.signal]);
    waiting.add(own);
    const reply = await request({ ...options, signal });
    waiting.delete(own);
    return reply.kind === 'silence' && own.signal.aborted ? { kind: 'silence', reason: elected } : reply;
  }

  async function untilAnswered<Body>(request: Request<Body>, options: RequestOptions): Promise<ConsulReply<Body>> {
    const endMs = clock.monotonicMs() + options.deadlineMs;
    for (;;) {
      const deadlineMs = endMs - clock.monotonicMs();
      const reply = await once(request, { ...options, deadlineMs });
      const isOver = reply.kind === 'answer' || reply.reason !== elected || endMs <= clock.monotonicMs();
      if (isOver) return reply;
    }
  }

  function callOffAll(): void {
    for (const each of waiting) each.abort();
  }

  return {
    api: {
      ...api,
      kvList: (prefix, query, options) =>
        'consistent' in query
          ? untilAnswered((more) => api.kvList(prefix, query, more), options)
          : api.kvList(prefix, query, options),
      kvGet: (key, options) => untilAnswered((more) => api.kvGet(key, more), options),
      txn: (operations, options) => once((more) => api.txn(operations, more), options),
      sessionCreate: (session, options) => once((more) => api.sessionCreate(session, more), options),
      sessionRenew: (session, options) => untilAnswered((more) => api.sessionRenew(session, more), options),
      sessionDestroy: (session, options) => untilAnswered((more) => api.sessionDestroy(session, more), options),
      sessionInfo: (session, options) => untilAnswered((more) => api.sessionInfo(session, more), options),
    },
    follow(onElected) {
      const stopping = new AbortController();
      void followLeader({ api, clock, everyMs }, stopping.signal, () => {
        callOffAll();
        onElected();
      });
      return { stop: () => stopping.abort() };
    },
  };
}

/** An agent that does not answer, or knows no leader, says nothing about the last one. */
async function followLeader(
  { api, clock, everyMs }: { api: ConsulApi; clock: Clock; everyMs: number },
  signal: AbortSignal,
  onElected: () => void,
): Promise<void> {
  let last = '';
  while (!signal.aborted) {
    const reply = await api.statusLeader({ deadlineMs: everyMs, signal });
    const leader = reply.kind === 'answer' && reply.status === 200 ? (reply.body ?? '') : '';
    if (leader !== '' && last !== '' && leader !== last) onElected();
    if (leader !== '') last = leader;
    await pause(clock, everyMs, signal);
  }
}
