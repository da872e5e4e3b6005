// Compares a configuration with its schema and says all that is wrong, where, why, and what right looks like.
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { exclusionVariants } from './exclusion.ts';
import type { Mistake } from './mistake.ts';
import { suggestion } from './suggestion.ts';
import type { YamlSource } from './yaml.ts';

type Path = readonly (string | number)[];
type Report = (path: Path, reason: string, example: string) => void;

export function shapeMistakes(schema: TSchema, value: unknown, source: YamlSource): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const report: Report = (path, reason, example) => {
    mistakes.push({ key: path.join('.') || '(file)', line: source.lineOf(path), reason, example });
  };
  check(schema, value, [], report);
  return mistakes;
}

function check(schema: TSchema, value: unknown, path: Path, report: Report): void {
  if ('properties' in schema) {
    checkSection(schema, value, path, report);
  } else if (path.join('.') === 'exclusion.methods' && Array.isArray(value) && value.length > 0) {
    value.forEach((item, index) => {
      checkMethod(item, [...path, index], report);
    });
  } else if (!Value.Check(schema, value)) {
    report(path, `${shown(schema, value)}; it must be ${expected(schema)}`, example(schema, path));
  }
}

function checkSection(schema: TSchema, value: unknown, path: Path, report: Report): void {
  const properties = propertiesOf(schema);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(path, 'it must be a section with keys of its own', exampleSection(schema, path));
    return;
  }
  const required = new Set('required' in schema ? (schema.required as string[]) : []);
  for (const [key, property] of Object.entries(properties)) {
    const given = (value as Record<string, unknown>)[key];
    const at = [...path, key];
    if (given !== undefined) check(property, given, at, report);
    else if (required.has(key)) report(at, `it is missing; it must be ${expected(property)}`, example(property, at));
  }
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(properties, key)) reportUnknown(key, properties, path, report);
  }
}

function reportUnknown(key: string, properties: Record<string, TSchema>, path: Path, report: Report): void {
  const near = suggestion(key, Object.keys(properties));
  const hint = near === undefined ? `known here: ${Object.keys(properties).join(', ')}` : `did you mean ${near}?`;
  const secret = /token|secret|password/i.test(key) ? ` ${noSecrets}` : '';
  const property = near === undefined ? undefined : properties[near];
  const sample = property === undefined ? '' : example(property, [...path, near ?? key]);
  report([...path, key], `unknown key; ${hint}${secret}`, sample);
}

const noSecrets = 'Secrets do not belong here, only names of files that hold them.';

function checkMethod(value: unknown, path: Path, report: Report): void {
  const method: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'method') : undefined;
  const known = Object.keys(exclusionVariants);
  if (typeof method === 'string' && Object.hasOwn(exclusionVariants, method)) {
    checkSection(exclusionVariants[method as keyof typeof exclusionVariants], value, path, report);
    return;
  }
  const near = typeof method === 'string' ? suggestion(method, known) : undefined;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  report([...path, 'method'], `it must be one of: ${known.join(', ')}${hint}`, '- method: self\n  waitMs: 3000');
}

function shown(schema: TSchema, value: unknown): string {
  if (value === null) return 'it has no value';
  // The value of a file setting may be the secret itself, put there by mistake.
  if ('secretive' in schema) return 'the value does not fit';
  const text = JSON.stringify(value);
  return `it is ${text.length > 80 ? `${text.slice(0, 77)}...` : text}`;
}

/** What fits, in words: `a whole number from 10000 to 86400000`. */
export function expected(schema: TSchema): string {
  const facts = schema as TSchema & Record<string, unknown>;
  if (typeof facts['expects'] === 'string') return facts['expects'];
  if (facts['type'] === 'integer') {
    return `a whole number from ${String(facts['minimum'])} to ${String(facts['maximum'])}`;
  }
  if (facts['type'] === 'boolean') return 'true or false';
  if (Array.isArray(facts['anyOf'])) {
    return `one of: ${facts['anyOf'].map((item: { const: string }) => item.const).join(', ')}`;
  }
  if ('const' in facts) return String(facts['const']);
  return facts['type'] === 'array' ? 'a list' : 'a text that is not empty';
}

function example(schema: TSchema, path: Path): string {
  const [first] = 'examples' in schema ? (schema.examples as readonly unknown[]) : [];
  const key = path.findLast((step) => typeof step === 'string') ?? '';
  if (first === undefined) return '';
  return `${key}: ${typeof first === 'string' ? first : JSON.stringify(first)}`;
}

function exampleSection(schema: TSchema, path: Path): string {
  const [first] = Object.entries(propertiesOf(schema));
  if (first === undefined) return '';
  return `${path.length === 0 ? '' : `${path.join('.')}:\n  `}${example(first[1], [first[0]])}`;
}

export function propertiesOf(schema: TSchema): Record<string, TSchema> {
  return 'properties' in schema ? (schema.properties as Record<string, TSchema>) : {};
}
