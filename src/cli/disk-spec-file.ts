// A disk from a file. The agent checks its content and says every mistake.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { DiskSpec } from '../core/records.ts';
import { PathwardenError } from '../errors.ts';
import type { SpecOptions } from './disk-spec.ts';

const inTheFile = [
  'rbd', 'file', 'block', 'lvm', 'memory', 'path', 'initiator', 'chapUser', 'chapSecretFile',
  'mutualChapUser', 'mutualChapSecretFile', 'iqn', 'wwn',
] as const;

export async function specFromFile(file: string, options: SpecOptions): Promise<DiskSpec> {
  if (inTheFile.some((name) => options[name] !== undefined)) {
    throw new PathwardenError('USAGE_INVALID', '--spec has the whole disk: give no other option about it but --start');
  }
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const message = `${file} cannot be read: give a readable file with --spec`;
    throw new PathwardenError('USAGE_INVALID', message, { file }, { cause: error });
  });
  const spec = parseSpec(file, text);
  return { ...spec, desired: options.start === true ? 'started' : (spec.desired ?? 'stopped') } as DiskSpec;
}

function parseSpec(file: string, text: string): Partial<DiskSpec> {
  let spec: unknown;
  try {
    spec = parse(text, { prettyErrors: false });
  } catch (error) {
    const message = `${file} is neither YAML nor JSON: correct it`;
    throw new PathwardenError('USAGE_INVALID', message, { file }, { cause: error });
  }
  if (typeof spec === 'object' && spec !== null && !Array.isArray(spec)) return spec;
  const message = `${file} must have one disk: iqn, wwn, backstore, access, paths`;
  throw new PathwardenError('USAGE_INVALID', message, { file });
}
