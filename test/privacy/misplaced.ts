// Configurations that have a secret where none belongs: each is refused.
import { stringify } from 'yaml';
import { canaries } from './canaries.ts';

const secret = canaries.configuration;

export const misplaced: readonly string[] = [
  stringify({ consul: { url: `http://user:${secret}@127.0.0.1:8500`, token: secret, tokenFile: [secret] } }),
  stringify({ http: { operatorToken: secret, operatorTokenFile: secret } }),
  stringify({ exclusion: { methods: [{ method: 'command', argv: `fence --password ${secret}` }] } }),
  `consul: {token: ${secret}\n\tx: "${secret}`,
];
