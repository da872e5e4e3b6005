// Makes a real Consul available without touching the system: the PATH first, then our cache, then Debian 11's package.
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { PathwardenError } from '../../src/errors.ts';

const run = promisify(execFile);
const packageSuite = 'bullseye';
const packageBinary = 'usr/bin/consul';

/** Absolute path of a `consul` program. Throws TOOL_MISSING when there is none and it cannot be fetched. */
export async function consulBinary(): Promise<string> {
  return (await localConsulBinary()) ?? (await fetchConsul());
}

/** The same without the network: null when neither the PATH nor the cache has one. */
export async function localConsulBinary(): Promise<string | null> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, 'consul');
    if (folder !== '' && (await isExecutable(candidate))) return candidate;
  }
  for (const version of (await namesIn(cacheFolder())).filter((name) => name.startsWith('consul-')).sort().reverse()) {
    const candidate = join(cacheFolder(), version, packageBinary);
    if (await isExecutable(candidate)) return candidate;
  }
  return null;
}

async function fetchConsul(): Promise<string> {
  const work = await mkdtempIn(cacheFolder());
  try {
    await downloadPackage(work);
    const packageFile = (await namesIn(work)).find((name) => name.endsWith('.deb'));
    if (packageFile === undefined) throw new Error('apt-get download left no package file');
    const archive = join(work, packageFile);
    const { stdout } = await run('dpkg-deb', ['--field', archive, 'Version']);
    const unpacked = join(work, 'unpacked');
    await run('dpkg', ['-x', archive, unpacked]);
    const home = join(cacheFolder(), `consul-${stdout.trim().replaceAll(/[^\w.+-]/g, '_')}`);
    // Another process may have been faster: what it put there is as good.
    await rename(unpacked, home).catch(() => access(join(home, packageBinary), constants.X_OK));
    return join(home, packageBinary);
  } catch (error) {
    throw new PathwardenError(
      'TOOL_MISSING',
      'There is no consul program here and its package could not be fetched. Put `consul` on the PATH.',
      {},
      { cause: error },
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

// Own lists and cache, so that the system's package state stays as it is.
async function downloadPackage(work: string): Promise<void> {
  const lists = join(work, 'lists');
  const archives = join(work, 'archives');
  await mkdir(join(lists, 'partial'), { recursive: true });
  await mkdir(join(archives, 'archives', 'partial'), { recursive: true });
  const sourceList = join(work, 'sources.list');
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  await writeFile(sourceList, `deb [signed-by=${keyring}] ${await debianMirror()} ${packageSuite} main\n`);
  const options = [
    `Dir::Etc::sourcelist=${sourceList}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${archives}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option]);
  await run('apt-get', [...options, '-qq', 'update'], { cwd: work });
  await run('apt-get', [...options, '-qq', 'download', 'consul'], { cwd: work });
}

/** The address of the Debian mirror that this machine uses itself. */
export async function debianMirror(aptFolder = '/etc/apt'): Promise<string> {
  const parts = await namesIn(join(aptFolder, 'sources.list.d'));
  const files = [
    join(aptFolder, 'sources.list'),
    ...parts.filter((name) => /\.(list|sources)$/.test(name)).map((name) => join(aptFolder, 'sources.list.d', name)),
  ];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const sources = file.endsWith('.sources') ? deb822Sources(text) : oneLineSources(text);
    const main = sources.find(({ suites, components }) => components.includes('main') && isReleaseSuite(suites));
    if (main !== undefined) return main.uri;
  }
  throw new Error(`no Debian mirror is configured below ${aptFolder}`);
}

interface AptSource {
  readonly uri: string;
  readonly suites: readonly string[];
  readonly components: readonly string[];
}

// `bookworm` has the packages of a release; `bookworm-security` has its own mirror with other packages.
const isReleaseSuite = (suites: readonly string[]): boolean => suites.some((suite) => /^[a-z]+$/.test(suite));

function oneLineSources(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[[^\]]*\]\s+)?(?<uri>\S+)\s+(?<suite>\S+)\s+(?<components>[^#]+)/.exec(line.trim());
    const { uri, suite, components } = match?.groups ?? {};
    if (uri === undefined || suite === undefined || components === undefined) return [];
    return [{ uri, suites: [suite], components: words(components) }];
  });
}

function deb822Sources(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name: string): string[] =>
      words(new RegExp(`^${name}:[ \\t]*(.*(?:\\n[ \\t]+.*)*)`, 'im').exec(stanza)?.[1] ?? '');
    const uri = field('URIs')[0];
    if (uri === undefined || !field('Types').includes('deb') || field('Enabled')[0] === 'no') return [];
    return [{ uri, suites: field('Suites'), components: field('Components') }];
  });
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

export const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'pathwarden');

async function mkdtempIn(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return mkdtemp(join(folder, 'fetch-'));
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const isExecutable = (file: string): Promise<boolean> =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

if (import.meta.main) console.log(await consulBinary());
