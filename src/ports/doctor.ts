// What the doctor finds out about this host and what it leans on. Every verb only looks. `refused`: it was answered,
// and the answer is no; `unknown`: it could not be seen; null in `done`: it is certainly not there.
import type { ClusterSnapshot } from './cluster.ts';
import type { RbdImage } from './dataplane.ts';
import type { Outcome } from './outcome.ts';
import type { WatchdogCheck } from './watchdog.ts';

export interface Program {
  readonly path: string;
  /** Null when it does not say one. */
  readonly version: string | null;
}

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'device' | 'other';
  /** The permission bits. */
  readonly mode: number;
  readonly isMine: boolean;
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** Of a block device, too; 0 where that does not tell it. */
  readonly bytes: number;
}

export interface Link {
  readonly name: string;
  readonly isUp: boolean;
  readonly addresses: readonly { readonly ip: string; readonly prefix: number }[];
}

export interface Holder {
  readonly pid: number;
  readonly program: string;
  /** It is the helper of our own daemon. */
  readonly isOurs: boolean;
}

/** This host as the daemon would find it. */
export interface HostPort {
  readonly isRoot: boolean;
  /** What runs this program. */
  readonly node: { readonly path: string; readonly version: string };
  /** By name, on the path that the daemon uses, or by its whole path. */
  program(name: string): Promise<Outcome<Program | null>>;
  /** A module of the kernel. */
  kernelModule(name: string): Promise<Outcome<'loaded' | 'built in' | 'can be loaded' | null>>;
  /** Whether the kernel was built with this; modules count. */
  kernelOption(name: string): Promise<Outcome<boolean>>;
  file(path: string): Promise<Outcome<FileFacts | null>>;
  /** Room for a file or folder that need not be there yet. */
  freeBytes(path: string): Promise<Outcome<number>>;
  links(): Promise<Outcome<readonly Link[]>>;
  clockSynchronised(): Promise<Outcome<{ readonly is: boolean; readonly by: string }>>;
  clockSource(): Promise<Outcome<string>>;
  /** How much time two clocks saw pass. */
  clocksPassed(): Promise<{ readonly monotonicMs: number; readonly wallMs: number }>;
  watchdog(device: string, timeoutMs: number): Promise<WatchdogCheck>;
  /** Who has this device open. */
  holders(device: string): Promise<Outcome<readonly Holder[]>>;
  /** Whether a fence agent can run here at all: it describes itself. Nobody is fenced. */
  fenceAgent(agent: string): Promise<Outcome>;
}

export interface TgtPort {
  observe(): Promise<Outcome<{ readonly portals: number; readonly wildcard: string | null }>>;
}

/** Disks of this host whose target keeps the size that their image had when it opened it. */
export interface ShownSizesPort {
  /** By wwn, the size that initiators see, rounded to 10⁶ bytes. */
  shownMegabytes(): Promise<Outcome<ReadonlyMap<string, number>>>;
}

export interface FilterPort {
  /** Whether the kernel would take our rules. Nothing is changed. */
  check(): Promise<Outcome>;
}

export interface ConsulAgentFacts {
  readonly version: string;
  readonly node: string;
  readonly isServer: boolean;
  /** Null where the agent does not say it: on clients it means nothing. */
  readonly electionTimeoutMs: number | null;
  /** The agent's clock less ours; the answer counts whole seconds. Null when it did not say the time. */
  readonly clockAheadMs: number | null;
}

/** Refused with `forbidden` where the token lacks the right. */
export interface ConsulFactsPort {
  agent(): Promise<Outcome<ConsulAgentFacts>>;
  /** Null: there is none. */
  leader(): Promise<Outcome<string | null>>;
  keys(): Promise<Outcome<ClusterSnapshot>>;
  /** Asks for writes that Consul is bound to refuse, so that only the refusal differs. */
  mayWriteKeys(): Promise<Outcome>;
  /** Asks for a session that Consul is bound to refuse; the refusal says what TTL it takes at least. */
  mayUseSessions(): Promise<Outcome<{ readonly leastTtlMs: number | null }>>;
}

export interface CephPort {
  status(): Promise<Outcome<{ readonly health: string }>>;
  /** How many entries the blocklist has. */
  blocklist(): Promise<Outcome<number>>;
  /** OSDs that are up and did not list what they refuse. */
  silentOsds(): Promise<Outcome<readonly string[]>>;
  /** The rights of its own user, by service. Never its key. */
  caps(): Promise<Outcome<Readonly<Record<string, string>>>>;
}

/** The images that this host could attach, as their storage lists them. */
export interface ImagesPort {
  /** All in the pool and namespace of this one: by name, how many bytes. `refused` with `gone`: no such pool. */
  inPool(image: RbdImage): Promise<Outcome<ReadonlyMap<string, number>>>;
  /** Refused where a client of librbd would keep data of the image for itself. */
  uncached(image: RbdImage): Promise<Outcome>;
  /** All logical volumes: by `group/volume`, how many bytes. */
  volumes(): Promise<Outcome<ReadonlyMap<string, number>>>;
}

export interface PeerKnockPort {
  /** Whether the other daemon answers and has the same key. It takes no notice of who asked. */
  knock(peer: { readonly node: string; readonly address: string }): Promise<Outcome>;
}
