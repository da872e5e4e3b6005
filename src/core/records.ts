// What pathwarden writes below its Consul prefix, key by key. Values are JSON; no secrets, ever.
import { Type, type Static } from 'typebox';

const name = (description: string, example: string) =>
  Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description, examples: [example] });

export const DiskId = name('Disk id: letters, digits, dot, dash, underscore', '00001');
export const NodeName = name('Node name, unique in the cluster', 'n1');

export const PathSpec = Type.Object(
  {
    index: Type.Integer({
      minimum: 1,
      maximum: 64,
      description: 'Number of the path in its disk; also its portal group tag',
    }),
    ip: Type.String({
      anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }],
      description: 'The address that moves with the path',
      examples: ['10.0.1.101'],
    }),
    prefix: Type.Integer({ minimum: 1, maximum: 128, description: 'Length of the subnet prefix', examples: [24] }),
    interface: Type.String({
      minLength: 1,
      maxLength: 15,
      description: 'Network interface that carries the address',
      examples: ['eth1'],
    }),
    vlan: Type.Optional(Type.Integer({ minimum: 1, maximum: 4094, description: 'VLAN id' })),
    port: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 65535, description: 'TCP port of the portal; 3260 when left out' }),
    ),
  },
  { additionalProperties: false },
);

/** Names that need no quoting anywhere: a slash, `@`, comma or semicolon would name something else to some tool. */
const storageName = (description: string, example: string) =>
  Type.String({ pattern: '^[A-Za-z0-9_][A-Za-z0-9._+-]{0,126}$', description, examples: [example] });

const closed = { additionalProperties: false };

export const BackstoreSpec = Type.Union([
  Type.Object(
    { kind: Type.Literal('file'), path: Type.String({ pattern: '^/', examples: ['/srv/images/00001.img'] }) },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('block'),
      path: Type.String({
        pattern: '^/dev/[^,\\s]+$',
        description: 'Block device by a path that means the same device on every gateway',
        examples: ['/dev/mapper/mpatha', '/dev/disk/by-id/wwn-0x5000c500a1b2c3d4'],
      }),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('rbd'),
      pool: storageName('Ceph pool', 'rbd'),
      namespace: Type.Optional(storageName('Namespace in the pool; none when left out', 'gateways')),
      image: storageName('RBD image', 'image-00001'),
    },
    closed,
  ),
  Type.Object(
    {
      kind: Type.Literal('lvm'),
      group: storageName('LVM volume group', 'shared'),
      volume: storageName('Logical volume', 'disk1'),
    },
    closed,
  ),
  Type.Object({ kind: Type.Literal('memory') }, closed),
]);

const credentials = (user: string, secret: string, example: string) => ({
  user: Type.String({ minLength: 1, maxLength: 255, description: user }),
  secretFile: Type.String({
    pattern: '^/',
    description: `File on every gateway that holds ${secret}`,
    examples: [example],
  }),
});

const ofTarget = credentials('CHAP user of the target', 'its secret', '/etc/pathwarden/secrets/00001-target');

export const AccessRules = Type.Object(
  {
    initiators: Type.Array(Type.String({ pattern: '^(iqn|eui|naa)\\.' }), {
      description: 'Initiator names that may log in; empty: any',
    }),
    chap: Type.Optional(
      Type.Object(
        {
          ...credentials('CHAP user', 'the CHAP secret', '/etc/pathwarden/secrets/00001'),
          /** With it the target proves itself to the initiator, too. */
          mutual: Type.Optional(Type.Object(ofTarget, closed)),
        },
        closed,
      ),
    ),
  },
  closed,
);

/** `disks/<disk>` */
export const DiskSpec = Type.Object(
  {
    desired: Type.Union([Type.Literal('started'), Type.Literal('stopped')]),
    iqn: Type.String({
      pattern: '^iqn\\.\\d{4}-\\d{2}\\.[^\\s:]+(:\\S+)?$',
      examples: ['iqn.2026-01.net.example:00001'],
    }),
    wwn: Type.String({
      pattern: '^[0-9a-f]{16}$',
      description: 'Eight bytes in hex, unique per disk and never changed',
    }),
    backstore: BackstoreSpec,
    access: AccessRules,
    paths: Type.Array(PathSpec, { minItems: 1, maxItems: 64 }),
  },
  { additionalProperties: false },
);

const Incarnation = Type.Object({ node: NodeName, session: Type.String({ minLength: 1 }) });

/**
 * `paths/<disk>/<index>`: the lock key. Empty after a clean release. Otherwise the last owner, who must be
 * excluded before anybody else serves. `pendingExclusion` is an owner before that whose exclusion is not proven yet.
 */
export const LockValue = Type.Object({
  node: Type.Optional(NodeName),
  session: Type.Optional(Type.String({ minLength: 1 })),
  bootId: Type.Optional(Type.String()),
  since: Type.Optional(Type.Number()),
  pendingExclusion: Type.Optional(Incarnation),
});

/** `nodes/<node>`: locked by the node's session for as long as it lives. */
export const NodeRecord = Type.Object({
  node: NodeName,
  /** Made once per state directory: tells a restart of the same daemon from a second daemon of the same name. */
  instance: Type.String({ minLength: 1 }),
  bootId: Type.String(),
  /** Where the node runs, when it is certain that no other daemon of its name runs there. */
  place: Type.Optional(Type.String({ minLength: 1 })),
  version: Type.String(),
  /** The node stands still this long after its last contact: its watchdog sees to it. Missing: nobody does. */
  standstillMs: Type.Optional(Type.Number()),
  /** Where other daemons ask this one directly: `ip:port`, `[ip]:port`. Missing: nowhere. */
  peers: Type.Optional(Type.String({ minLength: 1 })),
  /** Sessions that are asked before the node goes on without Consul. Missing: it never does. */
  asks: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  /** The inspector's URL as other nodes and people reach it; empty when it is bound to loopback elsewhere. */
  inspector: Type.String(),
  roles: Type.Array(Type.String()),
  /** The node is giving everything up and wants nothing. */
  leaving: Type.Boolean(),
  since: Type.Number(),
});

/** `exclusions/<session>`: the state of excluding one lost incarnation, shared by all its paths. */
export const ExclusionRecord = Type.Object({
  node: NodeName,
  state: Type.Union([Type.Literal('wanted'), Type.Literal('proven'), Type.Literal('failed')]),
  method: Type.String(),
  by: Type.String(),
  at: Type.Number(),
  evidence: Type.String(),
});

/** `drains/<node>`: somebody wants the node empty. Deleting the key ends it. */
export const DrainRecord = Type.Object({ by: Type.String(), reason: Type.String(), at: Type.Number() });

/**
 * `settings/maintenance`, and `maintenance/<node>` for one node: nobody is fenced, and nothing is taken whose last
 * owner may still write. Deleting the key ends it. With `forMs`, whoever has seen the key for that long deletes it.
 */
export const MaintenanceRecord = Type.Object({
  by: Type.String(),
  reason: Type.String(),
  /** Wall clock milliseconds, for people. */
  at: Type.Number({ minimum: -8.64e15, maximum: 8.64e15 }),
  forMs: Type.Optional(Type.Number({ minimum: 0 })),
});

/** `moves/<disk>/<index>`: the path shall leave `from` (for `to`, when given). The taker deletes it. */
export const MoveRecord = Type.Object({
  from: NodeName,
  to: Type.Optional(NodeName),
  by: Type.String(),
  reason: Type.String(),
  at: Type.Number(),
});

export type DiskSpec = Static<typeof DiskSpec>;
export type PathSpec = Static<typeof PathSpec>;
export type LockValue = Static<typeof LockValue>;
export type Incarnation = Static<typeof Incarnation>;
export type NodeRecord = Static<typeof NodeRecord>;
export type ExclusionRecord = Static<typeof ExclusionRecord>;
export type DrainRecord = Static<typeof DrainRecord>;
export type MaintenanceRecord = Static<typeof MaintenanceRecord>;
export type MoveRecord = Static<typeof MoveRecord>;

/** Every key we write, built here and nowhere else. */
export const keys = {
  disk: (disk: string) => `disks/${disk}`,
  path: (disk: string, index: number) => `paths/${disk}/${index}`,
  node: (node: string) => `nodes/${node}`,
  /** Who is connected to the paths of that node. Nothing but a hint: see connections.ts. */
  connections: (node: string) => `connections/${node}`,
  exclusion: (session: string) => `exclusions/${session}`,
  drain: (node: string) => `drains/${node}`,
  /** Of one node; null: of the whole cluster. */
  maintenance: (node: string | null) => (node === null ? 'settings/maintenance' : `maintenance/${node}`),
  move: (disk: string, index: number) => `moves/${disk}/${index}`,
} as const;

/** Ids of actors: `path/00001/1`, `disk/00001`, `exclusion/<session>`, `node`. */
export const actorIds = {
  path: (disk: string, index: number) => `path/${disk}/${index}`,
  disk: (disk: string) => `disk/${disk}`,
  exclusion: (session: string) => `exclusion/${session}`,
  node: 'node',
} as const;
