// The kinds of settings that the schema is made of.
import { Type } from 'typebox';

export const section = <P extends Type.TProperties>(description: string, properties: P) =>
  Type.Object(properties, { additionalProperties: false, description });

export const filePath = (description: string, example: string) =>
  Type.String({ pattern: '^/', description, expects: 'an absolute path', secretive: true, examples: [example] });

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly normal: number;
}

export const millis = (description: string, bounds: Bounds, tooSmall: string, tooLarge: string) =>
  Type.Integer({
    minimum: bounds.least,
    maximum: bounds.most,
    default: bounds.normal,
    description,
    tooSmall,
    tooLarge,
    examples: [bounds.normal],
  });

export const port = (description: string, normal: number, least = 1) =>
  Type.Integer({ minimum: least, maximum: 65_535, default: normal, description, examples: [normal] });

export const deadline = (description: string, normal: number) =>
  millis(
    description,
    { least: 100, most: 600_000, normal },
    'Work that would have succeeded is given up and its result is unknown',
    'A hanging command holds up its path for that long',
  );
