// Turns what the schema checker says into a list that a person can act on: every mistake, its key and its reason.
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { Value } from 'typebox/value';
import { PathwardenError } from '../errors.ts';

export interface Mistake {
  /** Dotted: `spec.paths.0.ip`. */
  readonly key: string;
  readonly reason: string;
}

interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

// The checker stops at 8 by default; people want to mend everything at once.
Settings.Set({ maxErrors: 200 });

/** Query strings and URL parts are text and are converted first; bodies are taken as they are. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  return (value: unknown) => {
    const converted = httpPart === 'body' ? value : Value.Convert(schema, value);
    return check.Check(converted)
      ? { value: converted }
      : { error: requestInvalid(httpPart ?? 'request', check.Errors(converted)) };
  };
};

export function requestInvalid(part: string, errors: readonly SchemaError[]): PathwardenError {
  const mistakes = readableMistakes(errors);
  const said = mistakes.map(({ key, reason }) => (key === '' ? reason : `${key} ${reason}`)).join('; ');
  return new PathwardenError('REQUEST_INVALID', `The ${part} has mistakes: ${said}.`, { part, mistakes });
}

/** One entry per mistake: missing and unknown keys by their own name, alternatives in one sentence. */
export function readableMistakes(errors: readonly SchemaError[]): readonly Mistake[] {
  const mistakes = errors.filter(({ keyword }) => keyword !== 'boolean' && keyword !== 'anyOf').flatMap(mistakesIn);
  const choices = new Map<string, unknown[]>();
  for (const error of errors) {
    if (error.keyword !== 'const') continue;
    const allowed: unknown = Reflect.get(error.params, 'allowedValue');
    choices.set(error.instancePath, [...(choices.get(error.instancePath) ?? []), allowed]);
  }
  for (const [path, allowed] of choices) {
    mistakes.push({ key: keyOf(path), reason: `must be ${[...new Set(allowed)].map(String).join(' or ')}` });
  }
  const anyOf = errors.find(({ keyword }) => keyword === 'anyOf');
  if (mistakes.length === 0 && anyOf !== undefined) return [{ key: keyOf(anyOf.instancePath), reason: anyOf.message }];
  return [...new Map(mistakes.map((mistake) => [`${mistake.key} ${mistake.reason}`, mistake])).values()];
}

function mistakesIn(error: SchemaError): Mistake[] {
  const names = (param: string): string[] => {
    const value: unknown = Reflect.get(error.params, param);
    return Array.isArray(value) ? value.map(String) : [];
  };
  const below = (name: string): string => keyOf(`${error.instancePath}/${name}`);
  switch (error.keyword) {
    case 'required':
      return names('requiredProperties').map((name) => ({ key: below(name), reason: 'is missing' }));
    case 'additionalProperties':
      return names('additionalProperties').map((name) => ({ key: below(name), reason: 'is not known' }));
    case 'const':
      return [];
    default:
      return [{ key: keyOf(error.instancePath), reason: error.message }];
  }
}

const keyOf = (path: string): string => path.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~');
