// The operator events that may enter from outside, each with its own fields. Nothing else gets in.
import { Type, type Static, type TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { DiskId, DiskSpec, NodeName } from '../core/records.ts';

const signature = {
  by: Type.String({ minLength: 1, maxLength: 128, description: 'Who asks', examples: ['alice'] }),
  reason: Type.String({ minLength: 1, maxLength: 1024, description: 'Why; kept in the journal' }),
  waitMs: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 60_000, description: 'How long to wait for the answers, milliseconds' }),
  ),
};

const event = <Name extends string, Fields extends Record<string, TSchema>>(name: Name, fields: Fields) =>
  Type.Object({ type: Type.Literal(name), ...fields, ...signature }, { additionalProperties: false });

const table = {
  'operator.add': event('operator.add', { spec: DiskSpec }),
  'operator.start': event('operator.start', {}),
  'operator.stop': event('operator.stop', {}),
  'operator.remove': event('operator.remove', {}),
  'operator.release': event('operator.release', { to: Type.Optional(NodeName) }),
  'operator.drain': event('operator.drain', { node: NodeName }),
  'operator.undrain': event('operator.undrain', { node: NodeName }),
  'operator.maintain': event('operator.maintain', {
    node: Type.Optional(NodeName),
    forMs: Type.Optional(
      Type.Integer({ minimum: 1_000, maximum: 2_592_000_000, description: 'It ends by itself after so long' }),
    ),
  }),
  'operator.endMaintenance': event('operator.endMaintenance', { node: Type.Optional(NodeName) }),
  'operator.confirmDown': event('operator.confirmDown', { node: NodeName }),
} as const;

const AnyType = Type.Object({
  type: Type.Union(Object.keys(table).map((name) => Type.Literal(name))),
});

export const OperatorBody = Type.Union(Object.values(table));
export type OperatorBody = Static<(typeof table)[keyof typeof table]>;

const checks = new Map(Object.entries(table).map(([name, schema]) => [name, Compile(schema)]));
const checkType = Compile(AnyType);
const checkDiskId = Compile(DiskId);

/** The mistakes of a body as its own event sees them, not as every branch of the union does. */
export function mistakesOf(body: unknown): ReturnType<typeof checkType.Errors> {
  const type: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'type') : undefined;
  const check = typeof type === 'string' ? checks.get(type) : undefined;
  return (check ?? checkType).Errors(body);
}

/** `disk/<id>`: the one actor that an operator event may bring into being. */
export const isDiskActor = (id: string): boolean =>
  id.startsWith('disk/') && checkDiskId.Check(id.slice('disk/'.length));
