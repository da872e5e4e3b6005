// The data plane of one node: storage, target, addresses, packet filter. All verbs are idempotent.
import type { CallOptions, Outcome } from './outcome.ts';

/** An image of the Ceph that this node is configured for. */
export interface RbdImage {
  readonly kind: 'rbd';
  readonly pool: string;
  readonly namespace?: string;
  readonly image: string;
}

/** Where a disk's bytes are. `kind` names the adapter; the rest is the adapter's. */
export type BackstoreSpec =
  | { readonly kind: 'file'; readonly path: string }
  /** A block device by a path that means the same device on every gateway. */
  | { readonly kind: 'block'; readonly path: string }
  | { readonly kind: 'lvm'; readonly group: string; readonly volume: string }
  | RbdImage
  | { readonly kind: 'memory' };

/** What the target adapter needs to serve the bytes. */
export type Backing = LocalBacking | RbdBacking;

export interface LocalBacking {
  readonly kind: 'file' | 'block' | 'memory';
  /** A path that the target can open: a file or a block device; a name for `memory`. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** An image that the target opens itself, through librbd: no device of this host has it. */
export interface RbdBacking {
  readonly kind: 'rbd';
  /** `pool/image` or `pool/namespace/image`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Ceph's configuration file, and its user without `client.`. */
  readonly conf: string;
  readonly id: string;
}

export interface BackstorePort {
  /** The bytes can be opened here. Attached already: the same path again, and the size as it is now. */
  ensureAttached(request: { disk: string; spec: BackstoreSpec }, options: CallOptions): Promise<Outcome<Backing>>;
  /** What `ensureAttached` made is gone, and nothing else. To be asked when no target serves it here. */
  ensureDetached(request: { disk: string; spec: BackstoreSpec }, options: CallOptions): Promise<Outcome>;
}

/** No secrets: `secretFile` names a file, readable by the daemon only, with the CHAP secret in it. */
export interface ChapUser {
  readonly user: string;
  readonly secretFile: string;
}

/** Who may log in. */
export interface AccessRules {
  /** Initiator names (IQNs); empty means any. */
  readonly initiators: readonly string[];
  /** `mutual`: by which the target proves itself to the initiator. */
  readonly chap?: ChapUser & { readonly mutual?: ChapUser };
}

export interface TargetSpec {
  readonly disk: string;
  readonly iqn: string;
  /** 8 bytes in hex, stable and unique per disk: initiators recognise the disk by it on every path. */
  readonly wwn: string;
  readonly access: AccessRules;
  readonly backing: Backing;
}

export interface Portal {
  readonly iqn: string;
  readonly ip: string;
  readonly port: number;
  /** Number of the path, for targets that keep their portals in groups. */
  readonly tag?: number;
}

/** An initiator that is logged in to a target. */
export interface Login {
  readonly initiator: string;
  /** Null where the target does not say: LIO does not for initiators that are let in without being named. */
  readonly address: string | null;
  /** `logged in`, or how it differs from that, in the words of the target: `failed`, `ending`. */
  readonly state: string;
}

/** A target as it is now, whoever made it. */
export interface TargetSight {
  readonly iqn: string;
  readonly sessions: number;
  /** One for each session that the target can name. */
  readonly logins: readonly Login[];
  /** False: it refuses every login. */
  readonly accepts: boolean;
  /** The wwn that LUN 1 says it has; null when there is no LUN 1. */
  readonly wwn: string | null;
  /** Null where the target cannot say: LIO cannot while it closes the only path. */
  readonly rules: SeenRules | null;
}

export interface SeenRules {
  /** Who may log in; null: anyone. */
  readonly initiators: readonly string[] | null;
  /** CHAP users. */
  readonly users: readonly string[];
}

export interface TargetView {
  /** Every target that is defined now, foreign ones included. */
  readonly targets: readonly TargetSight[];
  readonly portals: readonly { readonly ip: string; readonly port: number }[];
}

export interface TargetPort {
  /** The target with its LUN and access rules exists and is closed, or open if it already was. */
  ensureDefined(target: TargetSpec, options: CallOptions): Promise<Outcome>;
  ensureRemoved(target: { disk: string; iqn: string }, options: CallOptions): Promise<Outcome>;
  /** New connections to the portal reach the target. `refused`: the target is not defined or the address not there. */
  ensureOpen(portal: Portal, options: CallOptions): Promise<Outcome>;
  /** Nothing listens on the portal, its connections are reset and their commands have ended. */
  ensureClosed(portal: Portal, options: CallOptions): Promise<Outcome>;
  observe(options: CallOptions): Promise<Outcome<TargetView>>;
}

export interface Address {
  readonly ip: string;
  readonly prefix: number;
  readonly interface: string;
}

export interface AddressPort {
  /** Asks the network who answers for the IP, waiting `waitMs`: the answerer's link address, or null. Never our own. */
  probe(address: Address, waitMs: number, options: CallOptions): Promise<Outcome<{ answeredBy: string | null }>>;
  ensureAdded(address: Address, options: CallOptions): Promise<Outcome>;
  ensureRemoved(address: Address, options: CallOptions): Promise<Outcome>;
  /** Every address on the node, foreign ones included. */
  observe(options: CallOptions): Promise<Outcome<readonly Address[]>>;
  /** Tells the neighbours once where the IP is: ARP request and reply, or an unsolicited neighbour advertisement. */
  announce(address: Address, options: CallOptions): Promise<Outcome>;
}

/** Packets of one IP can be held back while its path is taken or given, so that initiators see silence, not errors. */
export interface TrafficPort {
  /** `ends` lets the ends of connections (FIN, RST) out all the same. The last call counts. */
  ensureBlocked(ip: string, options: CallOptions, except?: 'ends'): Promise<Outcome>;
  ensureUnblocked(ip: string, options: CallOptions): Promise<Outcome>;
  /** The addresses whose packets are held back now, whoever asked for it. */
  observe(options: CallOptions): Promise<Outcome<readonly string[]>>;
}

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

/** One TCP connection of an initiator. */
export interface Connection {
  readonly portal: Endpoint;
  readonly peer: Endpoint;
}

export interface ConnectionsPort {
  /** Every established connection to one of these ports of the node, foreign ones included. */
  observe(ports: readonly number[], options: CallOptions): Promise<Outcome<readonly Connection[]>>;
  /**
   * Sends the peer one segment that it answers when it believes in the connection. The answer of one that a former
   * owner of the address left behind is reset by the kernel here. A connection that lives is not disturbed, and a
   * peer that knows none either. `refused`: the portal's address is not here.
   */
  tickle(connection: Connection, options: CallOptions): Promise<Outcome>;
}

export interface FencePort {
  /** `done` only when the node is proven unable to write. Anything else is no proof. */
  fence(victim: { node: string; session: string }, options: CallOptions): Promise<Outcome<{ evidence: string }>>;
}

/** A storage that others can tell to refuse this node, as this node itself sees it. */
export interface StorageFencePort {
  /** The node's own entries that stand there now; none: it is not refused. A failed read is `unknown`. */
  observe(options: CallOptions): Promise<Outcome<{ refused: readonly string[] }>>;
  /**
   * None of the node's own entries stands there, read back; no other entry is touched. To be asked only when nothing
   * can be written here any more for a session that was lost. `unknown`: an entry may also be removed later.
   */
  ensureCleared(options: CallOptions): Promise<Outcome<{ removed: readonly string[] }>>;
}

export interface DataPlane {
  readonly backstore: BackstorePort;
  readonly target: TargetPort;
  readonly address: AddressPort;
  readonly traffic: TrafficPort;
  /** True: closing a portal ends each of its connections only after the last command of it has ended. */
  readonly endsAfterCommands?: boolean;
  /** Missing: nobody is woken up when a path moves. */
  readonly connections?: ConnectionsPort;
}
