// The user-space iSCSI target `tgtd`, through tgtadm.
//
// tgt cannot tie a target to a portal: every portal of a node reaches every target that is in the state "ready". So a
// target whose disk has no open path here is kept "offline", which refuses every login, whatever address it comes by.
import type { Login, Portal, TargetPort, TargetSight, TargetView } from '../../src/ports/dataplane.ts';
import { isLoopback, samePortal } from '../../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, refused } from '../../src/ports/outcome.ts';
import { type Run, shareDeadline } from '../run.ts';
import { portalName, portalsWithoutWildcard, portalText, type TgtAdmin, tgtAdmin } from './tgt-admin.ts';
import { closeSessions, cutConnections } from './tgt-connections.ts';
import { type BackingFlags, define, stateArgv } from './tgt-define.ts';
import type { TgtTarget } from './tgt-show.ts';
import { type Left, turns } from '../turns.ts';

export interface TgtSettings {
  readonly run: Run;
  /** The number that tgtd was started with (`tgtd -C`). */
  readonly controlPort: number;
  /** How tgtd opens an image. The default bypasses the node's page cache and makes each write durable. */
  readonly backingFlags?: BackingFlags;
}

export function tgtTarget(settings: TgtSettings): TargetPort {
  const admin = tgtAdmin(settings);
  const service: Service = { admin, run: settings.run, openedFor: new Map(), inTurn: turns() };
  const flags = settings.backingFlags ?? 'sync:direct';
  const { inTurn } = service;
  return {
    ensureDefined: (spec, options) => inTurn(spec.iqn, options, (left) => define(admin, spec, flags, left())),
    ensureRemoved: ({ iqn }, options) => inTurn(iqn, options, (left) => ensureRemoved(service, iqn, left)),
    ensureOpen: (portal, options) => inTurn(portal.iqn, options, (left) => ensureOpen(service, portal, left)),
    ensureClosed: (portal, options) => ensureClosed(service, portal, options),
    observe: (options) => observe(admin, options),
  };
}

interface Service {
  readonly admin: TgtAdmin;
  readonly run: Run;
  /** Portal → IQN, for the portals that this instance opened. Those of an earlier one are not in it. */
  readonly openedFor: Map<string, string>;
  readonly inTurn: ReturnType<typeof turns>;
}

async function ensureRemoved(service: Service, iqn: string, left: Left): Promise<Outcome> {
  const { admin } = service;
  const targets = await admin.targets(left());
  if (targets.kind !== 'done') return targets;
  const target = targets.value.find((one) => one.iqn === iqn);
  if (target === undefined) return done(null);
  if (target.state !== 'offline') {
    const offline = await admin.change(stateArgv(target.id, 'offline'), left());
    if (offline.kind !== 'done') return offline;
  }
  const removed = await removeUnused(admin, target, left);
  if (removed.kind !== 'done') return removed;
  const shared = new Set(targets.value.filter((one) => one !== target).flatMap(accountsOf));
  for (const user of accountsOf(target).filter((name) => !shared.has(name))) {
    const forgotten = await admin.change(['--mode', 'account', '--op', 'delete', '--user', user], left());
    if (forgotten.kind !== 'done') return forgotten;
  }
  return done(null);
}

const accountsOf = ({ accounts, outgoing }: TgtTarget): readonly string[] =>
  outgoing === null ? accounts : [...accounts, outgoing];

/** Without --force, so tgtd itself refuses while a session is left: only then are there any to look for. */
async function removeUnused(admin: TgtAdmin, { id, iqn, sessions }: TgtTarget, left: Left): Promise<Outcome> {
  const argv = ['--mode', 'target', '--op', 'delete', '--tid', String(id)];
  const removed = sessions.length === 0 ? await admin.change(argv, left()) : refused(`${iqn} has sessions`);
  if (removed.kind !== 'refused') return removed;
  const ended = await closeSessions(admin, iqn, left);
  return ended.kind === 'done' ? admin.change(argv, left()) : ended;
}

async function ensureOpen(service: Service, portal: Portal, left: Left): Promise<Outcome> {
  const { admin, openedFor } = service;
  const name = portalName(portal);
  const other = openedFor.get(name);
  if (other !== undefined && other !== portal.iqn) return refused(`portal ${name} is open for ${other}`);
  const [targets, portals] = await Promise.all([admin.targets(left()), portalsWithoutWildcard(admin, left())]);
  if (targets.kind !== 'done') return targets;
  const target = targets.value.find((one) => one.iqn === portal.iqn);
  if (target === undefined) return refused(`target ${portal.iqn} is not defined`, 'undefined');
  if (portals.kind !== 'done') return portals;
  openedFor.set(name, portal.iqn);
  if (target.state !== 'ready') {
    const ready = await admin.change(stateArgv(target.id, 'ready'), left());
    if (ready.kind !== 'done') return ready;
  }
  if (portals.value.some((open) => samePortal(open, portal))) return done(null);
  const opened = await admin.change(portalArgv('new', name), left());
  if (opened.kind !== 'refused') return opened;
  openedFor.delete(name);
  const offline = await offlineUnlessServed(service, portal.iqn, left);
  if (offline.kind !== 'done') return offline;
  return refused(`${opened.reason} (is ${portal.ip} on this node, and the port free?)`);
}

/**
 * The order proves the end: no portal, so no new connection; the portal's sockets are destroyed in the kernel; then no
 * session of the target may be left whose socket is gone. See tgt-connections.ts for what that can and cannot show.
 */
async function ensureClosed(service: Service, portal: Portal, options: CallOptions): Promise<Outcome> {
  const { admin, openedFor } = service;
  const left = shareDeadline(options);
  const closed = await closePortal(service, portal, left);
  if (closed.kind !== 'done') return closed;
  openedFor.delete(portalName(portal));
  const [offline, cut] = await Promise.all([
    service.inTurn(portal.iqn, left(), (left) => offlineUnlessServed(service, portal.iqn, left)),
    cutConnections({ admin, run: service.run, portal, left }),
  ]);
  return cut.kind === 'done' ? offline : cut;
}

/** Whoever opened it knows its name; the list is read only for one of an earlier instance, or one that is gone. */
async function closePortal({ admin, openedFor }: Service, portal: Portal, left: Left): Promise<Outcome> {
  if (openedFor.has(portalName(portal))) {
    const closed = await admin.change(portalArgv('delete', portalName(portal)), left());
    if (closed.kind !== 'refused') return closed;
  }
  const portals = await admin.portals(left());
  if (portals.kind !== 'done') return portals;
  // Named as tgtd names it: it compares the text.
  const present = portals.value.find((open) => samePortal(open, portal));
  return present === undefined ? done(null) : admin.change(portalArgv('delete', portalText(present)), left());
}

async function observe(admin: TgtAdmin, options: CallOptions): Promise<Outcome<TargetView>> {
  const left = shareDeadline(options);
  const [targets, portals] = await Promise.all([admin.targets(left()), admin.portals(left())]);
  if (targets.kind !== 'done') return targets;
  if (portals.kind !== 'done') return portals;
  return done({
    targets: targets.value.map(sightOf),
    portals: portals.value,
  });
}

function sightOf(target: TgtTarget): TargetSight {
  const { iqn, sessions, state, luns, access, accounts } = target;
  const disk = luns.get(1);
  const isOpenToAll = access.length === 1 && access[0] === 'ALL';
  return {
    iqn,
    sessions: sessions.length,
    logins: sessions.map((session) => loginOf(target, session)),
    accepts: state !== 'offline',
    wwn: disk === undefined ? null : (disk.get('SCSI SN') ?? ''),
    rules: { initiators: isOpenToAll ? null : access, users: accounts },
  };
}

/** A session without a connection has commands under way; tgtd forgets it after the last of them. */
function loginOf({ initiators, connections }: TgtTarget, session: number): Login {
  const address = connections.find((one) => one.session === session)?.peer ?? null;
  return { initiator: initiators.get(session) ?? '', address, state: address === null ? 'ending' : 'logged in' };
}

/** Portals of an earlier instance may belong to any disk here: the target stays as it is while one of them is open. */
async function offlineUnlessServed(service: Service, iqn: string, left: Left): Promise<Outcome> {
  const { admin, openedFor } = service;
  const portals = await admin.portals(left());
  if (portals.kind !== 'done') return portals;
  const served = portals.value.some((portal) => {
    const owner = openedFor.get(portalName(portal));
    return owner === iqn || (owner === undefined && !isLoopback(portal.ip));
  });
  if (served) return done(null);
  const targets = await admin.targets(left());
  if (targets.kind !== 'done') return targets;
  const target = targets.value.find((one) => one.iqn === iqn);
  if (target === undefined || target.state === 'offline') return done(null);
  return admin.change(stateArgv(target.id, 'offline'), left());
}

const portalArgv = (op: 'new' | 'delete', portal: string): string[] => [
  '--mode',
  'portal',
  '--op',
  op,
  '--param',
  `portal=${portal}`,
];
