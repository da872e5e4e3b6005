// The configuration file: what the daemon would say of it.
import { configNotices } from '../config/config.ts';
import { mistakesOf, type TolerantConfig } from '../config/tolerant.ts';
import { asRoot, type Finding, sayIn } from './finding.ts';

const say = sayIn('configuration');

export function configurationFindings(file: string, { config, error, read }: TolerantConfig): readonly Finding[] {
  if (read === 'mayNot') {
    return [say.unknown('file', `${file} can be read by its owner only; the rest is by defaults`, asRoot)];
  }
  if (read === 'missing') {
    const fix = 'pathwarden doctor --config FILE   # or copy docs/install/pathwarden.yaml there';
    return [say.failure('file', `${file} is not there; the rest is by defaults`, fix)];
  }
  if (read === 'failed') {
    return [say.failure('file', `${error?.message ?? file}; the rest is by defaults`, `ls -ld ${file}`)];
  }
  if (error !== null) {
    return mistakesOf(error).map(({ key, line, reason, example }) =>
      say.failure(key, `line ${String(line)}: ${reason}`, example),
    );
  }
  const notices = configNotices(config).map((notice) => {
    const [setting = ''] = /^[A-Za-z.]+/.exec(notice) ?? [];
    return say.warning('note', notice, `pathwarden config reference | grep '${setting}'`);
  });
  return [say.ok('file', `${file} is right`), ...notices];
}
