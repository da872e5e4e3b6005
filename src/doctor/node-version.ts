// Node.js. It stands alone, because with one that is too old hardly anything else can be loaded.
import { type Finding, sayIn } from './finding.ts';

const say = sayIn('pathwarden');
/** As `engines` in package.json. */
const least = [24, 12] as const;

export function nodeFinding({ version, path }: { readonly version: string; readonly path: string }): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor, leastMinor] = least;
  const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const found = `${version.replace(/^v/, '')}, ${path}`;
  if (isEnough) return say.ok('Node.js', found);
  return say.failure('Node.js', `${found}: ${least.join('.')} or newer is needed`, 'npm install --global node@26');
}
