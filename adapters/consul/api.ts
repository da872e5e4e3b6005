// Single requests to a Consul agent. Two bodies: http.ts, and memory.ts over the embedded agent's store.

export interface RequestOptions {
  /** Milliseconds; for a blocking query more than its wait. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/** The agent answered, whatever the status. */
export interface ConsulAnswer<Body> {
  readonly kind: 'answer';
  readonly status: number;
  /** X-Consul-Index; 0 when there was none. */
  readonly index: number;
  /** X-Consul-KnownLeader; true when there was none. */
  readonly knownLeader: boolean;
  /** The agent left something out that the token may not read. Older agents do not say so. */
  readonly filtered: boolean;
  /** Null without one; only of 200, 404 and 409 answers. */
  readonly body: Body | null;
  /** Of a list, over HTTP only: of the body as it came. A body with the `known` digest is not read: `body` is null. */
  readonly digest?: string | undefined;
  /** The first line of a text answer, for people: Consul explains its refusals there. */
  readonly text: string;
  /** When the agent sent it, by its own clock, in whole seconds; over HTTP only. */
  readonly date?: string | undefined;
}

/** There was no answer: a timeout, a lost connection, a called-off request. A write may have happened. */
export interface ConsulSilence {
  readonly kind: 'silence';
  readonly reason: string;
}

export type ConsulReply<Body> = ConsulAnswer<Body> | ConsulSilence;

export interface KvJson {
  readonly Key: string;
  /** Text, decoded; null when empty, and in every transaction result. */
  readonly Value: string | null;
  readonly Flags: number;
  readonly LockIndex: number;
  readonly Session?: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export interface TxnJson {
  readonly Results: readonly { readonly KV: KvJson }[] | null;
  readonly Errors: readonly { readonly OpIndex: number; readonly What: string }[] | null;
}

export interface SessionJson {
  readonly ID: string;
  readonly Name: string;
  readonly Node: string;
  readonly TTL: string;
}

export interface KvOperation {
  readonly Verb:
    | 'set'
    | 'cas'
    | 'lock'
    | 'unlock'
    | 'delete-cas'
    | 'check-index'
    | 'check-session'
    | 'check-not-exists';
  readonly Key: string;
  /** Base64. */
  readonly Value?: string;
  readonly Index?: number;
  readonly Session?: string;
}

export interface SessionRequest {
  readonly name: string;
  /** Go durations. */
  readonly ttl: string;
  readonly lockDelay: string;
  readonly nodeHealth: boolean;
  /** Another node than the agent's own. */
  readonly node?: string;
}

export interface ConsulApi {
  /** A consistent read of one key: a list of one; 404 without it. */
  kvGet(key: string, options: RequestOptions): Promise<ConsulReply<readonly KvJson[]>>;
  /**
   * Everything below a prefix; 404 without any. With an index it blocks until that is passed or the wait is over.
   * `known`: the digest of an answer that the caller still has.
   */
  kvList(
    prefix: string,
    query: { index: number; waitMs: number; known?: string | undefined } | { consistent: true },
    options: RequestOptions,
  ): Promise<ConsulReply<readonly KvJson[]>>;
  /** 409 with `Errors` when nothing was done. */
  txn(operations: readonly KvOperation[], options: RequestOptions): Promise<ConsulReply<TxnJson>>;
  sessionCreate(request: SessionRequest, options: RequestOptions): Promise<ConsulReply<{ readonly ID: string }>>;
  /** 404 when it is gone. */
  sessionRenew(session: string, options: RequestOptions): Promise<ConsulReply<readonly SessionJson[]>>;
  sessionDestroy(session: string, options: RequestOptions): Promise<ConsulReply<boolean>>;
  /** An empty list when it is gone. */
  sessionInfo(session: string, options: RequestOptions): Promise<ConsulReply<readonly SessionJson[]>>;
  agentSelf(options: RequestOptions): Promise<ConsulReply<{ readonly Config: { readonly NodeName: string } }>>;
  /** An empty text when there is none. */
  statusLeader(options: RequestOptions): Promise<ConsulReply<string>>;
  /** Drops idle connections. */
  close(): void;
}
