// At least one example of every event that a machine can be told: a new event without one does not compile.
import type { DiskEvent } from '../../machines/disk/events.ts';
import type { DiskPathEvent } from '../../machines/disk-path/events.ts';
import type { ExclusionEvent } from '../../machines/exclusion/events.ts';
import type { MachineName } from '../../machines/index.ts';
import type { DomainEvent } from '../../machines/intent.ts';
import type { NodeEvent } from '../../machines/node/events.ts';

type Samples<Event extends DomainEvent> = {
  readonly [Type in Event['type']]: readonly Fields<Event, Type>[];
};
type Fields<Event extends DomainEvent, Type> = Event extends unknown
  ? Type extends Event['type'] ? Omit<Event, 'type'> : never
  : never;
type Asked<Event extends DomainEvent> = Event['type'] extends infer Type
  ? Type extends `${infer Verb}Refused` ? Verb : never
  : never;

const reason = 'because';
const operator = { by: 'ada', reason };
export const settings = { ip: '10.0.1.1', prefix: 24, interface: 'eth1', port: 3260,
  iqn: 'iqn.2026-01.net.example:d1' };
export const diskSettings = {
  iqn: settings.iqn, wwn: '0000000000000001', backstore: { kind: 'memory' }, access: { initiators: [] },
};
export const lost = { node: 'n2', session: 's-lost' };
export const stranger = { node: 'n3', session: 's-other' };

/** The refusals and doubts of every verb. */
function answers<Event extends DomainEvent>(verbs: readonly Asked<Event>[], code?: string) {
  const refusal = code === undefined ? { reason } : { reason, code };
  const entries = verbs.flatMap((verb) =>
    [[`${String(verb)}Refused`, [refusal]], [`${String(verb)}Unknown`, [{ reason }]]]);
  return Object.fromEntries(entries) as unknown as Pick<
    Samples<Event>,
    Extract<Event['type'], `${Asked<Event>}Refused` | `${Asked<Event>}Unknown`>
  >;
}

const diskPath: Samples<DiskPathEvent> = {
  ...answers<DiskPathEvent>([
    'lock.read', 'lock.confirm', 'lock.clear', 'lock.release', 'address.probe', 'traffic.block', 'traffic.unblock',
    'address.add', 'address.remove', 'address.announce', 'portal.open', 'portal.close', 'path.observe',
    'move.request', 'move.clear', 'lock.acquire',
  ]),
  'path.specified': [{ settings }],
  'path.withdrawn': [{}],
  'path.resumed': [{}],
  'path.outdated': [{ reason }],
  'path.offered': [
    { modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, proof: null },
    { modifyIndex: 7, rank: 0, delayMs: 0, evidence: lost, proof: null },
    { modifyIndex: 7, rank: 0, delayMs: 0, evidence: lost, proof: 'self' },
    { modifyIndex: 8, rank: 1, delayMs: 250, evidence: lost, proof: null },
    { modifyIndex: 9, rank: 0, delayMs: 0, evidence: null, proof: null, ours: true },
  ],
  'path.notOffered': [{ reason }],
  'path.unwanted': [{ reason }],
  'path.moveEnded': [{ modifyIndex: 9 }],
  'lock.lost': [{ reason }],
  'exclusion.proven': [{ session: lost.session, method: 'self' }, { session: stranger.session, method: 'self' }],
  'exclusion.failed': [{ session: lost.session, reason }, { session: stranger.session, reason }],
  'lease.lost': [{ reason }],
  'disk.ready': [{}],
  'disk.failed': [{ reason }],
  'disk.freed': [{}],
  'disk.repaired': [{}],
  'disk.lost': [{ reason }],
  'dataplane.missing': [{ reason }],
  'dataplane.leftover': [{ reason }],
  'operator.release': [{ ...operator }, { ...operator, to: 'n2' }],
  'turn.due': [{}],
  'retry.due': [{}],
  'prepare.due': [{}],
  'cooldown.due': [{}],
  'lock.acquireRefused': [{ reason, code: 'held' }, { reason, code: 'delayed' }],
  'lock.granted': [
    { epoch: 3, modifyIndex: 10, evidence: null },
    { epoch: 3, modifyIndex: 10, evidence: lost },
  ],
  'lock.observed': [
    { mine: false, epoch: 0, modifyIndex: 10, evidence: null },
    { mine: true, epoch: 3, modifyIndex: 10, evidence: null },
    { mine: true, epoch: 3, modifyIndex: 10, evidence: lost },
  ],
  'lock.confirmed': [{}],
  'lock.cleared': [{}],
  'lock.released': [{}],
  'address.probed': [{ answeredBy: null }, { answeredBy: '02:00:00:00:00:09' }],
  'traffic.blocked': [{}],
  'traffic.unblocked': [{}],
  'address.added': [{}],
  'address.removed': [{}],
  'address.announced': [{}],
  'portal.opened': [{}],
  'portal.closed': [{}],
  'path.observed': [{ address: true, portal: true }, { address: false, portal: false }, {
    address: true, portal: false }, { address: false,
    portal: true }],
  'move.requested': [{}],
  'move.cleared': [{}],
};

const path = 'path/d1/1';
const disk: Samples<DiskEvent> = {
  ...answers<DiskEvent>([
    'backstore.attach', 'backstore.detach', 'target.define', 'target.remove', 'spec.create', 'spec.setDesired',
    'spec.remove',
  ]),
  'disk.specified': [{ settings: diskSettings }],
  'disk.withdrawn': [{}],
  'disk.required': [{ path }, { path: 'path/d1/2' }],
  'disk.unneeded': [{ path }, { path: 'path/d1/2' }],
  'target.changed': [{ reason }],
  'target.leftover': [{ reason }],
  'operator.add': [{ ...operator, spec: {} }],
  'operator.start': [operator],
  'operator.stop': [operator],
  'operator.remove': [operator],
  'retry.due': [{}],
  'backstore.attached': [{ backing: { kind: 'memory', path: 'd1', sizeBytes: 1 } }],
  'backstore.detached': [{}],
  'target.defined': [{}],
  'target.removed': [{}],
  'spec.created': [{}],
  'spec.desiredSet': [{}],
  'spec.removed': [{}],
};

const node: Samples<NodeEvent> = {
  ...answers<NodeEvent>([
    'session.create', 'session.destroy', 'node.announceLeaving', 'exclusion.prove', 'drain.write', 'drain.remove',
    'exclusion.confirm', 'session.find', 'node.register', 'maintenance.write', 'maintenance.remove',
    'node.writeAsks', 'peer.endSession', 'storage.look', 'storage.clear',
  ]),
  'node.started': [
    { instance: 'i1', bootId: 'b1' }, { instance: 'i1', bootId: 'b1', atMs: 7 },
    { instance: 'i1', bootId: 'b1', clears: true },
  ],
  'storage.seen': [{ refused: [] }, { refused: ['10.0.0.1:0/0'] }],
  'storage.cleared': [{ removed: ['10.0.0.1:0/0'] }],
  'settle.due': [{}],
  'node.leaveRequested': [{}],
  'node.emptied': [{}],
  'session.lost': [{ reason }],
  'lease.expired': [{ reason }],
  'session.orphaned': [{ session: 's-old' }],
  'peers.joined': [{ sessions: ['s3'] }],
  'peer.missed': [{ node: 'n2', session: 's3', by: ['n1', 'n3'], missedMs: 1_050 }],
  'failsafe.entered': [{ peers: ['n2', 'n3'] }],
  'failsafe.left': [{}],
  'node.asksWritten': [{}],
  'peer.sessionEnded': [{}],
  'retry.due': [{}],
  'operator.drain': [{ ...operator, node: 'n2' }],
  'operator.undrain': [{ ...operator, node: 'n2' }],
  'operator.confirmDown': [{ ...operator, node: 'n2' }],
  'operator.maintain': [operator, { ...operator, node: 'n2', forMs: 60_000 }],
  'operator.endMaintenance': [operator, { ...operator, node: 'n2' }],
  'maintenance.expired': [{ node: null, modifyIndex: 7 }, { node: 'n2', modifyIndex: 7 }],
  'maintenance.written': [{}],
  'maintenance.removed': [{}],
  'session.found': [{ session: 's1' }],
  'session.created': [{ session: 's2' }],
  'session.findRefused': [{ reason, code: 'none' }, { reason, code: 'foreign' }, { reason, code: 'gone' }],
  'node.registerRefused': [{ reason, code: 'foreign' }, { reason, code: 'gone' }, { reason, code: 'delayed' }],
  'node.registered': [{ modifyIndex: 12 }],
  'session.destroyed': [{}],
  'node.leavingAnnounced': [{}],
  'exclusion.provenHere': [{ session: 's1' }],
  'drain.written': [{}],
  'drain.removed': [{}],
  'exclusion.confirmed': [{ sessions: ['s1'] }],
};

const exclusion: Samples<ExclusionEvent> = {
  ...answers<ExclusionEvent>(['fence.run', 'exclusion.publish']),
  'exclusion.wanted': [
    { node: 'n2', methods: [] },
    {
      node: 'n2',
      methods: [
        { method: 'self', waitMs: 1000 }, { method: 'command', position: 1 }, { method: 'leaseBound', boundMs: 9000 },
      ],
    },
  ],
  'fence.runRefused': [{ reason }, { reason, code: 'maintenance' }],
  'exclusion.notElected': [{}],
  'exclusion.proven': [{ session: 's1', method: 'self' }],
  'wait.due': [{}],
  'retry.due': [{}],
  'fence.proven': [{ evidence: 'off' }],
  'exclusion.published': [{}],
};

const flat = (samples: Readonly<Record<string, readonly object[]>>): readonly DomainEvent[] =>
  Object.entries(samples).flatMap(([type, all]) => all.map((fields) => ({ type, ...fields })));

export const samples: Readonly<Record<MachineName, readonly DomainEvent[]>> = {
  'disk-path': flat(diskPath), disk: flat(disk), node: flat(node), exclusion: flat(exclusion),
};

export const firstActor: Readonly<Record<MachineName, string>> = {
  'disk-path': path, disk: 'disk/d1', node: 'node', exclusion: 'exclusion/s1',
};
