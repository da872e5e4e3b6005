// The bodies of the peers' messages. Every one names who says it and to whom.
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { PeerStatement } from '../../src/ports/peers.ts';
import { parsed } from '../json.ts';
import { bodyBytesMax } from './frame.ts';

const Node = Type.String({ minLength: 1, maxLength: 63 });
const Session = Type.Union([Type.String({ minLength: 1 }), Type.Null()]);
const Millis = Type.Number({ minimum: 0 });
// A question always carries one, so what answers it without having believed it is never longer than it.
const between = { from: Node, to: Node, challenge: Type.String({ pattern: '^[0-9a-f]{48}$' }) };

const Challenge = Type.Object(between);
const Question = Type.Object({ ...between, session: Session, failsafe: Type.Boolean() });
const Answer = Type.Object({
  ...between,
  session: Session,
  consulAgeMs: Type.Union([Millis, Type.Null()]),
  missed: Type.Record(Type.String(), Millis),
  objection: Type.Union([Type.String(), Type.Null()]),
});

export type Challenge = Static<typeof Challenge>;
export type Question = Static<typeof Question>;
export type Answer = Static<typeof Answer>;

const checks = { question: Compile(Question), answer: Compile(Answer), challenge: Compile(Challenge) };
interface Bodies {
  readonly question: Question;
  readonly answer: Answer;
  readonly challenge: Challenge;
}

/** Null for a body that is not one. */
export function parseBody<K extends keyof Bodies>(kind: K, body: string): Bodies[K] | null {
  const value = parsed(body);
  return checks[kind].Check(value) ? (value as Bodies[K]) : null;
}

const objectionCharactersMax = 300;

/** What one node says, cut to what fits: of the nodes that it misses, those that it misses for longest. */
export function answerText(route: Challenge, statement: PeerStatement): string {
  const { session, consulAgeMs } = statement;
  const objection = statement.objection?.slice(0, objectionCharactersMax) ?? null;
  const missed = Object.entries(statement.missed).toSorted(([, one], [, other]) => other - one);
  const textWith = (count: number): string =>
    JSON.stringify({
      ...route,
      session,
      consulAgeMs,
      missed: Object.fromEntries(missed.slice(0, count)),
      objection,
    } satisfies Answer);
  let count = missed.length;
  while (count > 0 && !fits(textWith(count))) count -= 1;
  return textWith(count);
}

export const fits = (body: string): boolean => Buffer.byteLength(body) <= bodyBytesMax;
