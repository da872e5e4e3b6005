// The data plane: each intent is one idempotent call of one port.
import type { DiskPathContext } from '../../../machines/disk-path/setup.ts';
import type { Address, AccessRules, Backing, BackstoreSpec, Portal } from '../../ports/dataplane.ts';
import { done, refused, type Outcome } from '../../ports/outcome.ts';
import { sleep } from '../../ports/clock.ts';
import type { EffectCall, Effects, Facts } from '../dispatcher.ts';
import { Gate } from '../gate.ts';
import { addressKey, portalKey } from '../observer.ts';
import { endsPass } from './ends.ts';
import type { EffectParts } from './parts.ts';
import { tickler } from './tickle.ts';

/** Enough for a neighbour on the same segment to answer, and short in a move that initiators wait for. */
const handedOverProbeMs = 30;

type Params = Readonly<Record<string, unknown>>;

export function dataPlaneEffects(parts: EffectParts): Effects {
  const {
    dataPlane: { address, backstore, target, traffic },
    settings: { deadlines },
  } = parts;
  const within = (deadlineMs: number, { signal }: EffectCall) => ({ deadlineMs, signal });
  const inAddress = (call: EffectCall) => within(deadlines.addressMs, call);
  const inTarget = (call: EffectCall) => within(deadlines.targetMs, call);
  const inAttach = (call: EffectCall) => within(deadlines.attachMs, call);
  return {
    'traffic.block': (params, call) =>
      traffic.ensureBlocked(String(params['ip']), inAddress(call), endsPass(parts, call.actor) ? 'ends' : undefined),
    'traffic.unblock': (params, call) => traffic.ensureUnblocked(String(params['ip']), inAddress(call)),
    'address.add': (params, call) => address.ensureAdded(addressOf(params), inAddress(call)),
    'address.remove': (params, call) => address.ensureRemoved(addressOf(params), inAddress(call)),
    'address.probe': (params, call) => probe(parts, params, inAddress(call)),
    'address.announce': announcer(parts),
    // Being in its lane is all it takes.
    'address.stopAnnouncing': () => Promise.resolve(done(null)),
    'portal.open': (params, call) => target.ensureOpen(portalOf(params, call), inTarget(call)),
    'portal.close': (params, call) => target.ensureClosed(portalOf(params, call), inTarget(call)),
    'path.observe': (params, { actor }) => observe(parts, actor, params),
    'backstore.attach': async (params, call) => {
      const outcome = await backstore.ensureAttached(diskOf(params), inAttach(call));
      return outcome.kind === 'done' ? done({ backing: { ...outcome.value } }) : outcome;
    },
    'backstore.detach': (params, call) => backstore.ensureDetached(diskOf(params), inAttach(call)),
    'target.define': (params, call) =>
      target.ensureDefined(
        {
          disk: String(params['disk']),
          iqn: String(params['iqn']),
          wwn: String(params['wwn']),
          access: params['access'] as unknown as AccessRules,
          backing: params['backing'] as unknown as Backing,
        },
        inTarget(call),
      ),
    'target.remove': (params, call) =>
      target.ensureRemoved({ disk: String(params['disk']), iqn: String(params['iqn']) }, inTarget(call)),
  };
}

const addressOf = (params: Params): Address => ({
  ip: String(params['ip']),
  prefix: Number(params['prefix']),
  interface: String(params['interface']),
});
const portalOf = (params: Params, { actor }: EffectCall): Portal => ({
  iqn: String(params['iqn']),
  ip: String(params['ip']),
  port: Number(params['port']),
  // The name of a path ends with its number.
  tag: Number(actor.slice(actor.lastIndexOf('/') + 1)),
});
const diskOf = (params: Params) => ({
  disk: String(params['disk']),
  spec: params['backstore'] as BackstoreSpec,
});

async function probe(
  parts: EffectParts,
  params: Params,
  options: { deadlineMs: number; signal: AbortSignal },
): Promise<Outcome<Facts | null>> {
  const { duplicateProbeMs } = parts.settings;
  const waitMs = params['handedOver'] === true ? Math.min(duplicateProbeMs, handedOverProbeMs) : duplicateProbeMs;
  if (waitMs === 0) return done({ answeredBy: null });
  const outcome = await parts.dataPlane.address.probe(addressOf(params), waitMs, options);
  return outcome.kind === 'done' ? done({ ...outcome.value }) : outcome;
}

async function observe(
  { observer, registry }: EffectParts,
  actor: string,
  params: Params,
): Promise<Outcome<Facts | null>> {
  const context = registry.get(actor)?.snapshot.context as DiskPathContext | undefined;
  const settings = context?.settings ?? null;
  if (settings === null) return refused('the path has no specification');
  const sight = await observer.look();
  if (sight.kind !== 'done') return sight;
  return done({
    address: sight.value.addresses.has(addressKey(settings)),
    portal: sight.value.portals.has(portalKey(String(params['ip']), Number(params['port']))),
  });
}

/** Later, nobody is left whom a first one did not reach: TCP itself tries again meanwhile. */
const tickleUntilMs = 1_000;

/** Repeats on a schedule, as switches and neighbours miss single announcements. One gate for all paths. */
function announcer(parts: EffectParts): Effects[string] {
  const { settings, clock, dataPlane } = parts;
  const gate = new Gate(settings.commandsPerKind);
  const tickle = tickler(parts);
  return async (params, { actor, signal }) => {
    const leftBehind = tickle(actor, signal);
    const tickled: Promise<void>[] = [];
    const startMs = clock.monotonicMs();
    let last: Outcome = refused('nothing is scheduled');
    for (const atMs of settings.announceAtMs) {
      const waitMs = startMs + atMs - clock.monotonicMs();
      if (waitMs > 0) await Promise.race([sleep(clock, waitMs), aborted(signal)]);
      if (signal.aborted) return refused('the path is not served here any more');
      const leave = await gate.enter(false, signal);
      if (leave === null) break;
      // Not after it: arping waits for answers that never come. One that is too early is made good by the next.
      if (atMs <= tickleUntilMs) tickled.push(leftBehind.once());
      try {
        last = await dataPlane.address.announce(addressOf(params), {
          deadlineMs: settings.deadlines.addressMs,
          signal,
        });
      } finally {
        leave();
      }
    }
    await Promise.all(tickled);
    return signal.aborted ? refused('the path is not served here any more') : last;
  };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
