// The configuration: one YAML file in, one frozen object out, all mistakes at once.
import { access, constants, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { PathwardenError } from '../errors.ts';
import { resolveDefaults } from './defaults.ts';
import type { Mistake } from './mistake.ts';
import { shapeMistakes } from './mistakes.ts';
import { relationMistakes } from './relations.ts';
import { type Config, ConfigSchema } from './schema.ts';
import { parseYaml, type YamlSource } from './yaml.ts';

export type { Config } from './schema.ts';
export type { Mistake } from './mistake.ts';

interface ParseOptions {
  /** Stands in for the host name where `node.name` is left out. */
  readonly hostname?: string;
}

/**
 * Reads and checks a configuration file, and that the files it names can be read.
 * Throws `CONFIG_INVALID`; `facts.mistakes` is a `Mistake[]` with every mistake found.
 */
export async function loadConfig(file: string, options: ParseOptions & { checkFiles?: boolean } = {}): Promise<Config> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const message = `${file} cannot be read: name a configuration file that can`;
    throw new PathwardenError('CONFIG_INVALID', message, { file }, { cause: error });
  });
  const config = parseConfig(text, file, options);
  if (options.checkFiles !== false) reject(file, await unreadableFiles(config, parseYaml(text)));
  return config;
}

/** Checks the text of a configuration file. Throws `CONFIG_INVALID` like `loadConfig`; reads no other file. */
export function parseConfig(text: string, fileName: string, options: ParseOptions = {}): Config {
  const source = parseYaml(text);
  reject(fileName, source.mistakes);
  const resolved = resolveDefaults(source.value, options.hostname ?? hostname());
  const shape = shapeMistakes(ConfigSchema, resolved, source);
  // Relations between values mean something only where the values themselves are sound.
  const broken = new Set(shape.map((mistake) => mistake.key));
  reject(fileName, [...shape, ...relationMistakes(resolved as Config, broken, source)]);
  return freeze(resolved) as Config;
}

/** The other data planes serve initiators on this host only, or none. */
export const hasRealAddresses = ({ dataPlane }: Config): boolean => ['tgt', 'lio'].includes(dataPlane.kind);

/** What is allowed but should be known: one sentence each. */
export function configNotices(config: Config): readonly string[] {
  const notices: string[] = [];
  if (!isLoopback(config.http.host)) {
    notices.push(`http.host is ${config.http.host}: everybody on that network can read the state of the cluster`);
  }
  const { protocol, hostname: consulHost } = new URL(config.consul.url);
  if (config.consul.tokenFile !== undefined && protocol === 'http:' && !isLoopback(consulHost)) {
    notices.push('consul.url is plain http to another host: the ACL token can be read on the way');
  }
  if (config.exclusion.methods.every((method) => method.method === 'self')) {
    notices.push('exclusion.methods has only self: after the death of a host its paths wait for an operator');
  }
  if (config.exclusion.methods.some((method) => 'agent' in method && /(^|\/)fence_dummy$/.test(method.agent))) {
    notices.push('fence_dummy switches nothing off: what it says is no proof, it is for trying things out');
  }
  const { mode, timeoutMs } = config.watchdog;
  if (mode !== 'off' && config.node.onStop === 'keep') {
    const time = `watchdog.timeoutMs (${String(timeoutMs)})`;
    notices.push(`onStop is keep: stop the daemon for longer than ${time} while it serves, and the host is reset`);
  }
  const { advertise } = config.peers;
  if (hasRealAddresses(config) && advertise !== undefined && isLoopback(advertise.replace(/:\d+$/, ''))) {
    notices.push(`peers.advertise is ${advertise}: no other host reaches it`);
  }
  if (config.duplicateProbeMs === 0) {
    notices.push('duplicateProbeMs is 0: an address that another host uses is not noticed');
  }
  return notices;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function reject(fileName: string, mistakes: readonly Mistake[]): void {
  if (mistakes.length === 0) return;
  const sorted = mistakes.toSorted((a, b) => a.line - b.line);
  const count = sorted.length === 1 ? 'one mistake' : `${String(sorted.length)} mistakes`;
  throw new PathwardenError('CONFIG_INVALID', `${fileName} has ${count}: correct them and start again`, {
    file: fileName,
    mistakes: sorted,
  });
}

async function unreadableFiles(config: Config, source: YamlSource): Promise<readonly Mistake[]> {
  const mistakes: Mistake[] = [];
  for (const { path, file } of filesNamed(config)) {
    const readable = await access(file, constants.R_OK).then(
      () => true,
      () => false,
    );
    if (readable) continue;
    const reason = `${file} cannot be read: make it readable for the daemon, or name another`;
    const example = `${String(path.at(-1))}: ${file}`;
    mistakes.push({ key: path.join('.'), line: source.lineOf(path), reason, example });
  }
  return mistakes;
}

interface NamedFile {
  readonly path: readonly (string | number)[];
  readonly file: string;
}

function filesNamed({ consul, exclusion, peers }: Config): readonly NamedFile[] {
  const { tokenFile, caFile, certFile, keyFile } = consul;
  const within = (path: NamedFile['path'], files: Readonly<Record<string, string | undefined>>): NamedFile[] =>
    Object.entries(files).flatMap(([name, file]) => (file === undefined ? [] : [{ path: [...path, name], file }]));
  const fencing = exclusion.methods.flatMap((method, index) => {
    const path = ['exclusion', 'methods', index];
    if (method.method === 'sshPoweroff') return within(path, { identityFile: method.identityFile });
    if (method.method === 'ceph') return within(path, { conf: method.conf });
    return method.method === 'fenceAgent' ? within([...path, 'secretFiles'], method.secretFiles ?? {}) : [];
  });
  const secrets = [
    ...within(['consul'], { tokenFile, caFile, certFile, keyFile }),
    ...within(['peers'], { keyFile: peers.keyFile }),
  ];
  return [...secrets, ...fencing];
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  Object.values(value).forEach(freeze);
  return Object.freeze(value);
}
