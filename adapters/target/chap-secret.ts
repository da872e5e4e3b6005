// The CHAP secrets of a disk, from the files that its rules name. They never show in an outcome.
import { readFile } from 'node:fs/promises';
import type { AccessRules, ChapUser } from '../../src/ports/dataplane.ts';
import { done, type Outcome, refused } from '../../src/ports/outcome.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** By what initiators prove themselves, and `mutual` by what the target does. */
export interface Chap extends Credentials {
  readonly mutual: Credentials | null;
}

const none: Outcome = done(null);

/** Null without CHAP. */
export async function chapSecrets({ chap }: AccessRules): Promise<Outcome<Chap | null>> {
  if (chap === undefined) return done(null);
  const { mutual: asked } = chap;
  const [own, target] = await Promise.all([credentialsOf(chap), asked === undefined ? none : credentialsOf(asked)]);
  if (own.kind !== 'done') return own;
  if (target.kind !== 'done') return target;
  const mutual = target.value;
  // Whoever knows the one could answer for the other: the standard forbids it, and initiators refuse it.
  if (own.value.password === mutual?.password) {
    return refused(`CHAP users ${chap.user} and ${mutual.user} have the same secret`);
  }
  return done({ ...own.value, mutual });
}

export const passwordsOf = (chap: Chap | null): readonly string[] =>
  chap === null ? [] : [chap.password, ...(chap.mutual === null ? [] : [chap.mutual.password])];

async function credentialsOf({ user, secretFile }: ChapUser): Promise<Outcome<Credentials>> {
  try {
    const secret = (await readFile(secretFile, 'utf8')).replace(/\r?\n$/, '');
    // A comma would end the secret early and start another parameter of tgtadm.
    if (/^[^,\s]+$/.test(secret)) return done({ user, password: secret });
    return refused(`secret file ${secretFile} of CHAP user ${user} is empty or has a comma or space in it`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return refused(`secret file ${secretFile} of CHAP user ${user} cannot be read: ${code}`);
  }
}
