// What translation needs to know of this node, as plain data.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import type { Method } from '../../machines/exclusion/events.ts';
import type { Json } from '../../machines/intent.ts';

export interface LocalPath {
  readonly id: string;
  readonly disk: string;
  readonly index: number;
  /** Dotted state, and its first part. */
  readonly state: string;
  readonly top: string;
  readonly tags: readonly string[];
  readonly context: DiskPathContext;
}

export interface LocalDisk {
  readonly idle: boolean;
  readonly settings: Json;
}

export interface Local {
  readonly node: string;
  readonly session: string | null;
  readonly registeredAt: number;
  readonly leased: boolean;
  readonly joined: boolean;
  readonly leaving: boolean;
  /** The journal takes records: without it nothing is taken, and a bid would only be refused. */
  readonly isWritable: boolean;
  readonly paths: ReadonlyMap<string, LocalPath>;
  readonly disks: ReadonlyMap<string, LocalDisk>;
  /** State of the exclusion actors here, by session. */
  readonly exclusions: ReadonlyMap<string, string>;
  /** The path is as the journal left it: nothing has been told to it since the start. */
  isUntouched(path: string): boolean;
  /** Sessions whose own proof is being worked on. */
  readonly proving: ReadonlySet<string>;
  readonly methods: readonly Method[];
  readonly lockDelayMs: number;
  readonly rankDelayMs: number;
  /** TCP port of paths that name none. */
  readonly portalPort: number;
  /** The view is behind for this lock key: a bid on this state of it was refused. */
  isOutbid(key: string, modifyIndex: number): boolean;
  /** What is left of `spanMs` since this node first saw `sight`; 0 when it is over. */
  remainingMs(sight: string, spanMs: number): number;
  /** Milliseconds since this node first saw `sight`; the first call starts the count. */
  elapsedMs(sight: string): number;
  /** True once per `sight`. */
  firstTime(sight: string): boolean;
}
