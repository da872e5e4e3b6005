// Every setting of the daemon: its default, an example, and what goes wrong when it is too small or too large.
import { type Static, Type } from 'typebox';
import { NodeName } from '../core/records.ts';
import { ceph } from './ceph.ts';
import { exclusion } from './exclusion.ts';
import { deadline, filePath, millis, port, section } from './fields.ts';
import { lio } from './lio.ts';
import { peers } from './peers.ts';
import { watchdog } from './watchdog.ts';

const node = section('This node', {
  name: Type.Unsafe<string>({
    ...NodeName,
    description: 'Name of this node, unique in the cluster; the host name when left out',
    expects: 'up to 63 letters, digits, dots, dashes and underscores, starting with a letter or digit',
    dynamicDefault: 'the host name',
    examples: ['gw1'],
  }),
  roles: Type.Array(Type.Union([Type.Literal('gateway')]), {
    default: ['gateway'],
    uniqueItems: true,
    description: 'What this node does. `gateway`: it may serve paths. An empty list: it only watches',
    expects: 'a list of roles; the only role is gateway',
    examples: [['gateway']],
  }),
  stateDir: Type.String({
    pattern: '^/',
    default: '/var/lib/pathwarden',
    description: 'Directory for the journal, the operator token and the identity of this daemon. Must survive a reboot',
    expects: 'an absolute path',
    examples: ['/var/lib/pathwarden'],
  }),
  onStop: Type.Union([Type.Literal('keep'), Type.Literal('drain')], {
    default: 'keep',
    description: '`keep`: a stopped daemon leaves its paths served for the next start. `drain`: it gives them up first',
    examples: ['keep'],
  }),
});

const consul = section('The Consul agent that this node talks to', {
  url: Type.String({
    pattern: '^https?://[^/@\\s]+/?$',
    default: 'http://127.0.0.1:8500',
    description: 'HTTP address of the Consul agent on this host. No user or password in it',
    expects: 'http://host:port or https://host:port, without user, password and path',
    secretive: true,
    examples: ['https://127.0.0.1:8501'],
  }),
  tokenFile: Type.Optional(filePath('File that holds the ACL token', '/etc/pathwarden/consul.token')),
  caFile: Type.Optional(filePath('PEM file with the authority that the agent is signed by', '/etc/pathwarden/ca.pem')),
  certFile: Type.Optional(
    filePath('PEM file with our client certificate; needs `consul.keyFile`', '/etc/pathwarden/client.pem'),
  ),
  keyFile: Type.Optional(
    filePath('PEM file with the key of that certificate; needs `consul.certFile`', '/etc/pathwarden/client.key'),
  ),
  serverName: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Name expected in the certificate of the agent',
      examples: ['server.dc1.consul'],
    }),
  ),
  datacenter: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9_-]+$',
      description: 'Consul datacenter; that of the agent when left out',
      expects: 'lower-case letters, digits, dashes and underscores',
      examples: ['dc1'],
    }),
  ),
  sessionNode: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "Consul node whose health ends our session; the agent's own when left out. For daemons that share one agent",
      expects: 'a Consul node name',
      examples: ['gw1'],
    }),
  ),
  prefix: Type.String({
    pattern: '^([A-Za-z0-9._-]+/)+$',
    default: 'pathwarden/',
    description: 'All keys of this cluster are below it',
    expects: 'a key prefix that ends, but does not start, with a slash',
    examples: ['pathwarden/'],
  }),
});

const session = section('The Consul session that holds the locks of this node', {
  ttlMs: millis(
    'Consul ends the session between one and two times this after the last renewal',
    { least: 10_000, most: 86_400_000, normal: 20_000 },
    'A short pause of Consul or of the network costs the node all its paths',
    'The paths of a dead host wait that long (twice, at worst) where gossip does not notice it',
  ),
  lockDelayMs: millis(
    'Nobody can take a lock for this long after the session that held it was lost',
    { least: 0, most: 60_000, normal: 15_000 },
    'A previous owner has less time to stop before others may begin to exclude it',
    'Every failover takes at least this long',
  ),
  nodeHealth: Type.Boolean({
    default: true,
    description:
      'The session also ends when gossip finds the Consul agent of this host dead, which is much faster than the TTL',
    examples: [true],
  }),
  marginMs: Type.Integer({
    minimum: 500,
    maximum: 600_000,
    dynamicDefault: '5000, or a quarter of `ttlMs` when that is less',
    description: 'Safety margin: this node stops serving `ttlMs - marginMs` after its last good contact with Consul',
    tooSmall: 'Clock drift and slow teardown let this node serve when others may take over',
    tooLarge: 'A short trouble with Consul makes this node stop serving without need',
    examples: [5000],
  }),
  renewEveryMs: Type.Integer({
    minimum: 200,
    maximum: 3_600_000,
    dynamicDefault: '2000, or a third of `ttlMs - marginMs` when that is less',
    description: 'How often the session is renewed',
    tooSmall: 'Needless load on Consul',
    tooLarge: 'Refused above a third of `ttlMs - marginMs`: two lost renewals would cost all paths',
    examples: [2000],
  }),
});

const dataPlane = section('What serves the disks', {
  kind: Type.Union([Type.Literal('tgt'), Type.Literal('lio'), Type.Literal('loopback'), Type.Literal('memory')], {
    default: 'tgt',
    description:
      '`tgt`: real targets and addresses (needs root and tgtd). `lio`: the same by the target of the kernel. ' +
      '`loopback`: real TCP portals on loopback addresses, for trying it out. `memory`: nothing real',
    examples: ['tgt'],
  }),
  tgt: section('The tgt target daemon', {
    controlPort: Type.Integer({
      minimum: 0,
      maximum: 32_767,
      default: 0,
      description: 'Control port of the tgtd to use (`tgtd -C`)',
      examples: [0],
    }),
  }),
  lio,
  portalPort: port('TCP port of the iSCSI portals of paths that name none', 3260),
});

const placement = section('Who takes a free path', {
  rankDelayMs: millis(
    'The node that suits second best waits this long before it tries, the third twice as long, and so on',
    { least: 0, most: 60_000, normal: 250 },
    'Nodes race for the same lock, and all but one are refused',
    'A path waits when the best node does not take it',
  ),
});

const limits = section('Named limits; reaching one is an error that names it, never a silent loss', {
  commandsPerKind: Type.Integer({
    minimum: 1,
    maximum: 1024,
    default: 16,
    description: 'Commands of one kind (attach, target, address, …) that run at the same time',
    tooSmall: 'Many orphaned paths come back one after another',
    tooLarge: 'Many orphaned paths overload the host when it is needed most',
    examples: [16],
  }),
  mailboxEvents: Type.Integer({
    minimum: 100,
    maximum: 10_000_000,
    default: 10_000,
    description: 'Events that may wait to be committed',
    tooSmall: 'A burst of news is refused loudly',
    tooLarge: 'A daemon that falls behind takes more memory before it says so',
    examples: [10_000],
  }),
});

const deadlines = section('How long work may take before it is called off and its result counts as unknown', {
  attachMs: deadline('Attaching or detaching an image', 15_000),
  targetMs: deadline('A change or a read of the target', 5000),
  addressMs: deadline('A change or a read of an address or of the packet filter', 5000),
  fenceMs: deadline('A fence command that has no deadline of its own', 30_000),
  consulMs: deadline('One request to Consul, blocking queries excepted', 5000),
});

const http = section('The inspector: HTTP interface and page', {
  host: Type.String({
    pattern: '^[0-9A-Za-z.:-]+$',
    default: '127.0.0.1',
    description:
      'Address to listen on. Reads need no token, so anything but loopback shows the cluster to that network',
    expects: 'an IP address or host name',
    examples: ['127.0.0.1'],
  }),
  port: port('TCP port to listen on; 0 takes any free one', 7480, 0),
  advertise: Type.Optional(
    Type.String({
      pattern: '^https?://[^/@\\s]+/?$',
      description: 'URL under which other nodes and people reach this inspector',
      expects: 'http://host:port or https://host:port',
      examples: ['http://gw1.example.net:7480'],
    }),
  ),
  operatorTokenFile: Type.Unsafe<string>({
    ...filePath(
      'File with the token that changes need. Made with mode 0600 when absent',
      '/var/lib/pathwarden/operator-token',
    ),
    dynamicDefault: '`<node.stateDir>/operator-token`',
  }),
});

const journal = section('The journal of events and intents', {
  file: Type.Unsafe<string>({
    ...filePath('SQLite file of the journal, on a local disk', '/var/lib/pathwarden/journal.sqlite'),
    dynamicDefault: '`<node.stateDir>/journal.sqlite`',
  }),
  keepDays: Type.Integer({
    minimum: 1,
    maximum: 3650,
    default: 30,
    description: 'Records older than this are removed, except those that a restart needs',
    tooSmall: '`path explain` cannot go back to what happened last week',
    tooLarge: '`journal.maxMegabytes` decides alone',
    examples: [30],
  }),
  maxMegabytes: Type.Integer({
    minimum: 8,
    maximum: 1_000_000,
    default: 512,
    description: 'The oldest records are removed while the journal takes more, except those that a restart needs',
    tooSmall: 'Busy hours push the history out that an incident needs',
    tooLarge: 'The disk of `node.stateDir` fills up, and a node whose journal cannot be written takes no path',
    examples: [512],
  }),
});

const log = section('Logging: one JSON object per line on stdout', {
  level: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => Type.Literal(level)),
    { default: 'info', description: 'The least severe lines to print', examples: ['info'] },
  ),
});

export const ConfigSchema = section('pathwarden', {
  node,
  consul,
  session,
  dataPlane,
  ceph,
  exclusion,
  watchdog,
  peers,
  placement,
  limits,
  deadlines,
  announceAtMs: Type.Array(Type.Integer({ minimum: 0, maximum: 60_000 }), {
    minItems: 1,
    maxItems: 20,
    default: [0, 200, 500, 1000, 2000, 5000],
    description: 'When the neighbours are told where an address is now, counted from the opening of its portal',
    expects: 'a growing list of whole numbers from 0 to 60000',
    tooSmall: 'One lost packet leaves a neighbour with the old owner until its cache expires',
    tooLarge: 'Late announcements help nobody',
    examples: [[0, 200, 500, 1000, 2000, 5000]],
  }),
  duplicateProbeMs: millis(
    'How long to wait for another host to answer for an address before it is added',
    { least: 0, most: 10_000, normal: 150 },
    'A host that answers late is not seen, and two answer for one address. 0 does not ask at all',
    'Every takeover takes that much longer',
  ),
  observeEveryMs: millis(
    'How often the targets, addresses and portals are read back and compared with what should be there',
    { least: 200, most: 600_000, normal: 2000 },
    'Needless work on the host',
    'A target or address that went away is noticed late',
  ),
  http,
  journal,
  log,
});

type Resolved<T> = T extends readonly (infer Item)[]
  ? readonly Resolved<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Resolved<T[Key]> }
    : T;

/** The settings of one daemon: complete, checked and frozen. */
export type Config = Resolved<Static<typeof ConfigSchema>>;
