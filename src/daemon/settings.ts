// What the daemon needs of the configuration, in its own words.
import type { Method } from '../../machines/exclusion/events.ts';

export interface DaemonSettings {
  readonly node: string;
  /** Made once per state directory. */
  readonly instance: string;
  /** Changes with every boot of the host. */
  readonly bootId: string;
  /**
   * Boot id and network namespace, while this process alone has its node name there. Missing: it may not be alone.
   */
  readonly place?: string;
  readonly version: string;
  /** After its last contact with Consul this node stands still within this time. Missing: no watchdog sees to it. */
  readonly standstillMs?: number;
  readonly roles: readonly string[];
  /** URL under which others reach the inspector. */
  readonly inspector: string;
  readonly session: {
    readonly ttlMs: number;
    readonly lockDelayMs: number;
    readonly nodeHealth: boolean;
    readonly marginMs: number;
    readonly renewEveryMs: number;
  };
  readonly methods: readonly Method[];
  readonly fenceDeadlinesMs: readonly number[];
  /** For a look at the storages that can refuse this node, or for telling them to take it again. */
  readonly storageFence?: { readonly deadlineMs: number; readonly lookEveryMs: number };
  readonly rankDelayMs: number;
  /** TCP port of paths that name none. */
  readonly portalPort: number;
  readonly commandsPerKind: number;
  readonly mailboxEvents: number;
  readonly deadlines: {
    readonly attachMs: number;
    readonly targetMs: number;
    readonly addressMs: number;
    readonly consulMs: number;
  };
  readonly announceAtMs: readonly number[];
  readonly duplicateProbeMs: number;
  readonly observeEveryMs: number;
  /** Other daemons are asked directly. Absent: they are not. */
  readonly peers?: {
    /** `ip:port` under which others ask this node. */
    readonly address: string;
    readonly everyMs: number;
    /** Silence for so long, by the word of the majority, ends the session of a node. */
    readonly missedMs: number;
    /** False: heartbeats only observe. */
    readonly exclude: boolean;
    /** Serve on without Consul while all others vouch. */
    readonly failsafe: boolean;
  };
  /** How long and how large the journal may get; absent: nothing is removed. */
  readonly retention?: { readonly keepDays: number; readonly maxMegabytes: number };
}
