// Addresses whose packets are held back although no path here is being taken or given: a daemon was ended in between
// and its journal lost, or letting them through had failed. Nobody else would ever undo it.
import type { DiskPathContext } from '../../machines/disk-path/setup.ts';
import { stateOf } from '../core/state.ts';
import type { DataPlane } from '../ports/dataplane.ts';
import { plainIp } from '../ports/ip.ts';
import { holdsLocally } from './effects/left-served.ts';
import type { DaemonLog } from './log.ts';
import type { Registry } from './registry.ts';
import type { DaemonSettings } from './settings.ts';

export interface TrafficRoundsParts {
  readonly settings: Pick<DaemonSettings, 'deadlines'>;
  readonly dataPlane: Pick<DataPlane, 'traffic'>;
  readonly registry: Registry;
  readonly log: DaemonLog;
  /** The clock's, with an owner that cancels it. */
  readonly after: (ms: number, then: () => void) => void;
  readonly isRunning: () => boolean;
}

const everyMs = 10_000;

/** Looks, and goes on looking. What is seen twice in a row is undone: a path may be between two of its steps. */
export function startTrafficRounds(parts: TrafficRoundsParts): void {
  let before: ReadonlySet<string> = new Set();
  const again = (): void =>
    parts.after(everyMs, () => {
      void look(parts, before).then((left) => {
        before = left;
        return parts.isRunning() ? again() : undefined;
      });
    });
  again();
}

async function look(
  { settings, dataPlane: { traffic }, registry, log }: TrafficRoundsParts,
  before: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const options = { deadlineMs: settings.deadlines.addressMs };
  const seen = await traffic.observe(options);
  if (seen.kind !== 'done' || seen.value.length === 0) return new Set();
  const handled = inHand(registry);
  const left = seen.value.filter((ip) => !handled.has(plainIp(ip)));
  for (const ip of left.filter((each) => before.has(each))) {
    // Others were let through meanwhile, which takes its time.
    if (inHand(registry).has(plainIp(ip))) continue;
    const outcome = await traffic.ensureUnblocked(ip, options);
    if (outcome.kind === 'done') {
      log.warn({ data: { ip } }, 'packets were held back for no path of this node; they are let through');
    } else {
      const data = { ip, reason: outcome.reason };
      log.warn({ data }, 'packets are held back for no path of this node, and could not be let through: tried again');
    }
  }
  return new Set(left);
}

/** Addresses of paths that are being taken or given here. */
function inHand(registry: Registry): ReadonlySet<string> {
  const ips = new Set<string>();
  for (const { id, snapshot } of registry.all()) {
    const state = stateOf(snapshot);
    if (!holdsLocally(id, state) || state === 'enabled') continue;
    const { settings } = snapshot.context as DiskPathContext;
    if (settings !== null) ips.add(plainIp(settings.ip));
  }
  return ips;
}
