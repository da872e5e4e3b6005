// The methods that prove a lost owner unable to write, in the order they are tried.
import { Type } from 'typebox';
import { section } from './fields.ts';

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
        'Exit code 0 means: proven off',
      expects: 'a list of words: the program and its arguments',
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

const LeaseBound = Type.Object(
  {
    method: Type.Literal('leaseBound'),
    boundMs: Type.Integer({
      minimum: 1000,
      maximum: 60_000,
      description: 'A node that lost contact serves nothing after this time, whatever happens to its daemon',
      tooSmall: 'Refused: the node may still be serving or tearing down (the arithmetic is shown)',
      tooLarge: 'Every failover waits that long',
      examples: [31_000],
    }),
    watchdog: Type.Literal(true, {
      description:
        'States that a watchdog resets the host when its daemon stops answering. ' +
        'Without one a killed daemon leaves its data plane serving, and time proves nothing',
      expects: 'true, and only where a watchdog really resets the host',
      examples: [true],
    }),
  },
  { additionalProperties: false, description: 'Time itself is the proof: watchdog-backed nodes stop within `boundMs`' },
);

export const exclusionVariants = { self: Self, command: Command, leaseBound: LeaseBound } as const;

export const exclusion = section('How the last owner of a path is proven unable to write before another serves', {
  methods: Type.Array(Type.Union([Self, Command, LeaseBound]), {
    minItems: 1,
    maxItems: 16,
    default: [{ method: 'self', waitMs: 3000 }],
    description:
      'Tried in this order until one proves it. ' +
      'When none does, the paths wait for an operator (`pathwarden node confirm-down`)',
    expects: 'a list of methods, each with `method: self`, `method: command` or `method: leaseBound`',
    examples: [
      [
        { method: 'self', waitMs: 3000 },
        { method: 'command', argv: ['/usr/local/sbin/fence-node', '{node}'] },
      ],
    ],
  }),
});
