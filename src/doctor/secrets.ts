// Files that hold secrets: there, and readable by their owner only.
import type { FileFacts } from '../ports/doctor.ts';
import { asRoot, type Finding, sayIn } from './finding.ts';
import type { Setup } from './setup.ts';

const say = sayIn('secrets');

interface SecretFile {
  readonly what: string;
  readonly file: string;
  /** The daemon refuses it when others can read it. */
  readonly isStrict?: boolean;
  /** Made by the daemon, or there for a while only. */
  readonly mayBeMissing?: boolean;
}

export async function secretFindings(setup: Setup): Promise<readonly Finding[]> {
  const named = await Promise.all(secretFiles(setup).map((secret) => secretFinding(setup, secret)));
  return [...named, ...(await chapFindings(setup))];
}

/** Of many disks, only what is not right has a line of its own. */
async function chapFindings(setup: Setup): Promise<readonly Finding[]> {
  const files = new Map(
    [...(setup.view?.disks ?? [])].flatMap(([disk, { value: { access } }]) =>
      access.chap === undefined
        ? []
        : [access.chap, ...(access.chap.mutual === undefined ? [] : [access.chap.mutual])].map(
            ({ secretFile }) => [secretFile, `CHAP of ${disk}`] as const,
          ),
    ),
  );
  const found = await Promise.all([...files].map(([file, what]) => secretFinding(setup, { what, file })));
  const wrong = found.filter(({ level }) => level !== 'ok');
  if (wrong.length > 0 || found.length === 0) return wrong;
  return [say.ok('CHAP', `${String(found.length)} ${found.length === 1 ? 'file' : 'files'}, for their owner only`)];
}

function secretFiles({ config }: Setup): readonly SecretFile[] {
  const { consul, peers, http, exclusion } = config;
  const named = (what: string, file: string | undefined, more: Partial<SecretFile> = {}): readonly SecretFile[] =>
    file === undefined ? [] : [{ what, file, ...more }];
  const fencing = exclusion.methods.flatMap((method): readonly SecretFile[] => {
    if (method.method === 'sshPoweroff') return named('key for ssh', method.identityFile);
    if (method.method !== 'fenceAgent') return [];
    return Object.entries(method.secretFiles ?? {}).flatMap(([name, file]) => named(`${method.agent} ${name}`, file));
  });
  return [
    ...named('Consul token', consul.tokenFile),
    ...named('Consul TLS key', consul.keyFile),
    ...named('key of the peers', peers.keyFile, { isStrict: true }),
    ...named('previous key', peers.previousKeyFile, { isStrict: true, mayBeMissing: true }),
    ...named('operator token', http.operatorTokenFile, { mayBeMissing: true }),
    ...fencing,
  ];
}

async function secretFinding({ ports: { host } }: Setup, secret: SecretFile): Promise<Finding> {
  const { what, file: path, mayBeMissing } = secret;
  const file = await host.file(path);
  if (file.kind !== 'done') return say.unknown(what, `${path}: ${file.reason}`, host.isRoot ? '' : asRoot);
  if (file.value !== null) return judge(secret, file.value, host.isRoot);
  if (mayBeMissing === true) return say.ok(what, `${path} is not there, and need not be`);
  return say.failure(what, `${path} is not there`, `install -m 600 /dev/stdin ${path}   # then type it, ctrl-d`);
}

function judge({ what, file: path, isStrict }: SecretFile, file: FileFacts, isRoot: boolean): Finding {
  const fix = `chmod 600 ${path}`;
  if (file.kind !== 'file') return say.failure(what, `${path} is no file`, `ls -ld ${path}`);
  if ((file.mode & 0o007) !== 0) return say.failure(what, `${path} can be read by everybody on this host`, fix);
  if ((file.mode & 0o070) !== 0) {
    const found = `${path} can be read by its group`;
    if (isStrict === true) return say.failure(what, `${found}: the daemon refuses it`, fix);
    return say.warning(what, found, fix);
  }
  if (file.isReadable) return say.ok(what, path);
  return isRoot ? say.failure(what, `${path} cannot be read`, fix) : say.ok(what, `${path}, for its owner only`);
}
