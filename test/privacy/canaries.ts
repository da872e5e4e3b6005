// Secrets that sing: planted wherever a secret can be, and looked for wherever something is said.
import { randomBytes } from 'node:crypto';

const canary = (name: string): string => `canary-${name}-${randomBytes(9).toString('base64url')}`;

export const canaries = {
  chap: canary('chap'),
  mutualChap: canary('mutual-chap'),
  inlineChap: canary('inline-chap'),
  notJson: canary('not-json'),
  operatorToken: canary('operator-token'),
  wrongToken: canary('wrong-token'),
  consulToken: canary('consul-token'),
  tlsKey: canary('tls-key'),
  peersKey: randomBytes(32).toString('hex'),
  previousPeersKey: randomBytes(32).toString('hex'),
  noPeersKey: canary('no-peers-key'),
  fenceArgument: canary('fence-argument'),
  fenceOption: canary('fence-option'),
  configuration: canary('configuration'),
  cephKey: canary('ceph-key'),
  petasan: canary('petasan'),
  fencePassword: canary('fence-password'),
} as const;

/** Everything that was said, by where. */
export class Sweep {
  readonly #said = new Map<string, string[]>();

  add(where: string, text: string): void {
    this.#said.set(where, [...(this.#said.get(where) ?? []), text]);
  }

  /** Places that said something, so that a sweep of nothing proves nothing. */
  get places(): readonly string[] {
    return [...this.#said.keys()];
  }

  /** Where which canary sings, with what stands around it. */
  get leaks(): readonly string[] {
    return [...this.#said].flatMap(([where, texts]) => texts.flatMap((text) => leaksIn(where, text)));
  }
}

function leaksIn(where: string, text: string): readonly string[] {
  return Object.entries(canaries).flatMap(([name, secret]) => {
    // The middle alone would do, too: half a secret is a leak.
    const at = text.indexOf(secret.slice(-10));
    return at === -1 ? [] : [`${name} in ${where}: …${text.slice(Math.max(0, at - 120), at + 20)}…`];
  });
}
