// The methods that prove a lost owner unable to write, in the order they are tried.
import { Type } from 'typebox';
import { NodeName } from '../core/records.ts';
import { filePath, section } from './fields.ts';

const Self = Type.Object(
  {
    method: Type.Literal('self'),
    waitMs: Type.Integer({
      minimum: 0,
      maximum: 600_000,
      description: 'How long to wait for the lost node to publish that it serves nothing any more',
      tooSmall: 'A node that lives and tears down in order is fenced all the same',
      tooLarge: 'Paths of a dead host stay unserved for that long before the next method is tried',
      examples: [3000],
    }),
  },
  { additionalProperties: false, description: 'The lost node itself publishes that it read back: nothing is served' },
);

const Command = Type.Object(
  {
    method: Type.Literal('command'),
    argv: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      maxItems: 100,
      description:
        'Program and arguments, run without a shell. `{node}` and `{session}` are replaced. ' +
        'Exit code 0 means: proven off. No passwords: everybody on the host sees arguments; name a file of the program',
      expects: 'a list of words: the program and its arguments',
      secretive: true,
      examples: [['/usr/local/sbin/fence-node', '--off', '--verify', '{node}']],
    }),
    deadlineMs: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      dynamicDefault: '`deadlines.fenceMs`',
      description: 'The command is killed after this time and has proven nothing',
      tooSmall: 'Fencing that would have worked is killed half way',
      tooLarge: 'A hanging fence device delays the next method',
      examples: [30_000],
    }),
  },
  { additionalProperties: false, description: 'A program that cuts the lost node off and proves it' },
);

const Value = Type.Union([Type.String({ pattern: '^[^\\r\\n]*$' }), Type.Number(), Type.Boolean()]);
const parameterName = '^[a-z][a-z0-9_-]*$';
const Parameters = Type.Record(Type.String({ pattern: parameterName }), Value);

const FenceAgent = Type.Object(
  {
    method: Type.Literal('fenceAgent'),
    agent: Type.String({
      pattern: '^(/[^\\s{}]+/)?fence_[A-Za-z0-9_.-]+$',
      description: 'An agent of the fence-agents package, by name or with its path. Its manual lists its parameters',
      expects: 'the name of a program that begins with fence_',
      examples: ['fence_ipmilan'],
    }),
    parameters: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string | number | boolean>>>({
        ...Parameters,
        description:
          'What the agent is told of every node, by the names of its manual. `{node}` is replaced. ' +
          'The agent reads it on standard input. No passwords: they stand in `secretFiles`',
        expects: 'parameters, each a text in one line, a number, true or false',
        secretive: true,
        examples: [{ ip: '{node}-ipmi.example.net', username: 'fence', lanplus: true }],
      }),
    ),
    secretFiles: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        ...Type.Record(Type.String({ pattern: parameterName }), Type.String({ pattern: '^/' })),
        description: 'Parameters whose values are secret: by name, the file that holds the value in one line',
        expects: 'parameters, each with an absolute path',
        secretive: true,
        examples: [{ password: '/etc/pathwarden/ipmi.password' }],
      }),
    ),
    nodes: Type.Optional(
      Type.Unsafe<Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>>({
        ...Type.Record(NodeName, Parameters),
        description: 'What differs from node to node, such as `plug`. A node that is not listed cannot be fenced then',
        expects: 'node names, each with parameters of its own',
        secretive: true,
        examples: [{ gw1: { plug: 1 }, gw2: { plug: 2 } }],
      }),
    ),
    deadlineMs: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      dynamicDefault: '`deadlines.fenceMs`',
      description: 'For switching off and confirming together. The agent is killed after this time and proved nothing',
      tooSmall: 'Management boards take seconds to answer: fencing that would have worked is killed half way',
      tooLarge: 'A hanging fence device delays the next method',
      examples: [30_000],
    }),
  },
  {
    additionalProperties: false,
    description:
      'A fence agent switches the lost node off, and proves it: its action `off` succeeds, and then its `status` ' +
      'says off, with exit code 2 and in words. The node stays off until you switch it on',
  },
);

const Ceph = Type.Object(
  {
    method: Type.Literal('ceph'),
    nodes: Type.Unsafe<Readonly<Record<string, readonly string[]>>>({
      ...Type.Record(
        NodeName,
        Type.Array(Type.String({ anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] }), { minItems: 1, maxItems: 16 }),
        { minProperties: 1 },
      ),
      description:
        'By node, each IP address that its Ceph clients may have: that from which it reaches the monitors. ' +
        'Never the address of a path. A node that is not listed cannot be fenced',
      expects: 'node names, each with a list of its IP addresses',
      examples: [{ gw1: ['10.0.2.1'], gw2: ['10.0.2.2'] }],
    }),
    conf: Type.String({
      pattern: '^/',
      dynamicDefault: '`ceph.conf`',
      description: "Ceph's configuration file. It also says where the user's key is",
      expects: 'an absolute path',
      secretive: true,
      examples: ['/etc/ceph/ceph.conf'],
    }),
    id: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
      dynamicDefault: '`ceph.id`',
      description: 'The Ceph user, without `client.`',
      examples: ['pathwarden'],
    }),
    deadlineMs: Type.Integer({
      minimum: 100,
      maximum: 600_000,
      dynamicDefault: '`deadlines.fenceMs`',
      description: 'For adding the entries and hearing from each OSD. The commands are killed after this time',
      tooSmall: 'An OSD that died with the node has to be marked down first: about 30 s',
      tooLarge: 'A Ceph that does not answer delays the next method',
      examples: [30_000],
    }),
  },
  {
    additionalProperties: false,
    description:
      'Ceph refuses the lost node: its addresses are put into the OSD blocklist, and each OSD that is up has to say ' +
      'that it refuses them. The node removes its own entries when it comes back and nothing of the past is left there',
  },
);

const SshPoweroff = Type.Object(
  {
    method: Type.Literal('sshPoweroff'),
    destination: Type.String({
      pattern: '^[^\\s-][^\\s]*$',
      description: 'Where to log in, without a password. `{node}` is replaced',
      expects: 'user@host for ssh, with `{node}` in it',
      examples: ['root@{node}'],
    }),
    identityFile: Type.Optional(filePath('Private key to log in with', '/etc/pathwarden/fence.key')),
    deadlineMs: Type.Integer({
      minimum: 100,
      maximum: 60_000,
      dynamicDefault: '3000',
      description: 'The next method starts after this time at the latest',
      tooSmall: 'The login does not get through and the courtesy is none',
      tooLarge: 'A host that is really dead delays its own failover by that much',
      examples: [3000],
    }),
  },
  {
    additionalProperties: false,
    description:
      'A hint and never proof: asks the lost node over ssh to power off. Whatever it answers, the next method has to ' +
      'prove it, so it cannot be the last one',
  },
);

const LeaseBound = Type.Object(
  {
    method: Type.Literal('leaseBound'),
    boundMs: Type.Integer({
      minimum: 1000,
      maximum: 60_000,
      description: 'A node that lost contact serves nothing after this time, whatever happens to its daemon',
      tooSmall: 'Refused: the node may still be serving, or its watchdog has not reset it (the arithmetic is shown)',
      tooLarge: 'Every failover waits that long',
      examples: [36_000],
    }),
    watchdog: Type.Optional(
      Type.Literal(true, {
        description: 'Says nothing any more: `watchdog.mode: required` is what counts, on every node',
        expects: 'true, or nothing',
        examples: [true],
      }),
    ),
  },
  {
    additionalProperties: false,
    description:
      'Time itself is the proof: nodes with a watchdog stop or are reset within `boundMs`. ' +
      'It proves nothing about a node without `watchdog.mode: required`',
  },
);

export const exclusionVariants = {
  self: Self,
  command: Command,
  fenceAgent: FenceAgent,
  ceph: Ceph,
  sshPoweroff: SshPoweroff,
  leaseBound: LeaseBound,
} as const;

export const exclusion = section('How the last owner of a path is proven unable to write before another serves', {
  methods: Type.Array(Type.Union([Self, Command, FenceAgent, Ceph, SshPoweroff, LeaseBound]), {
    minItems: 1,
    maxItems: 16,
    default: [{ method: 'self', waitMs: 3000 }],
    description:
      'Tried in this order until one proves it. ' +
      'When none does, the paths wait for an operator (`pathwarden node confirm-down`)',
    expects: `a list of methods, each with \`method:\` and one of ${Object.keys(exclusionVariants).join(', ')}`,
    examples: [
      [
        { method: 'self', waitMs: 3000 },
        { method: 'command', argv: ['/usr/local/sbin/fence-node', '{node}'] },
      ],
    ],
  }),
});
