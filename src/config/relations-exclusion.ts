// What must hold for the exclusion methods, so that what they prove is true.
import type { Finding } from './mistake.ts';
import type { Config } from './schema.ts';

type Method = Config['exclusion']['methods'][number];

/** A token that the keep-alive helper holds may be this old, and is still fed. Part of the arithmetic. */
export const tokenAgeMs = 1000;

/**
 * Time proves that a lost node serves nothing only when (1) a watchdog resets it, (2) the bound covers its longest way
 * to standstill, counted from its last contact, and (3) nobody can take the lock before the bound has passed. This
 * holds with and without `nodeHealth`: gossip may end the session right after a contact, so (2) never counts on the TTL
 * having run out. A start of the daemon is no contact for its watchdog, so restarts add nothing.
 */
export function leaseBoundsHold(config: Config): readonly Finding[] {
  return config.exclusion.methods.flatMap((method, index) => {
    if (method.method !== 'leaseBound') return [];
    return [
      ...watchdogResets(config, method.boundMs),
      ...boundCoversStandstill(config, method.boundMs, index),
      ...lockDelayCoversBound(config.session, method.boundMs),
    ];
  });
}

/** How long after its last contact this node may still serve, when its watchdog is required. */
export const standstillMs = ({ session: { ttlMs, marginMs }, watchdog }: Config): number =>
  ttlMs - marginMs + watchdog.teardownMs + tokenAgeMs + watchdog.timeoutMs;

const standstillSum = (config: Config): string => {
  const { session, watchdog } = config;
  return (
    `ttlMs ${ms(session.ttlMs)} - marginMs ${ms(session.marginMs)} + teardownMs ${ms(watchdog.teardownMs)} + ` +
    `oldest token ${ms(tokenAgeMs)} + watchdog timeoutMs ${ms(watchdog.timeoutMs)} = ${ms(standstillMs(config))}`
  );
};

function watchdogResets(config: Config, boundMs: number): readonly Finding[] {
  const { mode } = config.watchdog;
  if (mode === 'required') return [];
  const reason =
    `it is ${mode}, and leaseBound counts on a reset: with one, a lost node stands still after ` +
    `${standstillSum(config)}, against boundMs ${ms(boundMs)} and lockDelayMs ${ms(config.session.lockDelayMs)}; ` +
    'without one, a killed daemon leaves its data plane serving and time proves nothing';
  return [{ path: ['watchdog', 'mode'], reason, example: 'mode: required' }];
}

function boundCoversStandstill(config: Config, boundMs: number, index: number): readonly Finding[] {
  const needed = standstillMs(config);
  if (boundMs >= needed) return [];
  const reason =
    `boundMs ${ms(boundMs)} < ${standstillSum(config)}: ` +
    'a node that lost contact may serve, tear down or wait for its reset for longer than the bound';
  return [{ path: ['exclusion', 'methods', index, 'boundMs'], reason, example: `boundMs: ${ms(needed)}` }];
}

function lockDelayCoversBound({ lockDelayMs, marginMs }: Config['session'], boundMs: number): readonly Finding[] {
  const needed = boundMs + marginMs;
  if (lockDelayMs >= needed) return [];
  const most = needed > 60_000 ? '; Consul allows 60000 at most, so the bound must shrink' : '';
  const reason =
    `lockDelayMs ${ms(lockDelayMs)} < boundMs ${ms(boundMs)} + marginMs ${ms(marginMs)} = ${ms(needed)}: ` +
    `others could take the lock before leaseBound has proven anything${most}`;
  return [{ path: ['session', 'lockDelayMs'], reason, example: `lockDelayMs: ${ms(Math.min(60_000, needed))}` }];
}

const placeholders = ['{node}', '{session}'];

/** A fence command that is not told whom to fence can prove nothing about it. */
export function commandsKnowWhom({ exclusion }: Config): readonly Finding[] {
  return exclusion.methods.flatMap((method, index) => {
    if (method.method !== 'command') return [];
    const used = method.argv.flatMap((word) => word.match(/\{[^{}]*\}/g) ?? []);
    const unknown = used.filter((name) => !placeholders.includes(name));
    const path = ['exclusion', 'methods', index, 'argv'];
    const example = 'argv: [/usr/local/sbin/fence-node, "{node}"]';
    const known = placeholders.join(' and ');
    const reason =
      unknown.length > 0
        ? `${unknown.join(', ')} is replaced by nothing; known: ${known}`
        : `it has neither of ${known}, so it cannot know whom to fence`;
    return unknown.length > 0 || used.length === 0 ? [{ path, reason, example }] : [];
  });
}

type FenceAgent = Extract<Method, { method: 'fenceAgent' }>;

/** An agent that is told wrongly whom to fence proves that another node is off. */
export function agentsKnowWhom({ exclusion }: Config): readonly Finding[] {
  return exclusion.methods.flatMap((method, index) => {
    if (method.method !== 'fenceAgent') return [];
    const at = (name: string, reason: string, example: string): Finding => ({
      path: ['exclusion', 'methods', index, ...name.split('.')],
      reason,
      example,
    });
    return [...reservedNames(method, at), ...secretsInPlace(method, at), ...nodesDiffer(method, at)];
  });
}

type At = (name: string, reason: string, example: string) => Finding;

const reserved = new Set(['action', 'option', 'nodename']);
const oneParameter = 'parameters: { ip: "{node}-ipmi.example.net" }';

function reservedNames(method: FenceAgent, at: At): readonly Finding[] {
  const given = [method.parameters, method.secretFiles, ...Object.values(method.nodes ?? {})];
  const names = new Set(given.flatMap((each) => Object.keys(each ?? {})).filter((name) => reserved.has(name)));
  return [...names].map((name) => at('parameters', `${name} is set by pathwarden itself`, oneParameter));
}

const secretName = /(passw(or)?d|secret|token|community)$/;

function secretsInPlace({ parameters = {}, nodes = {} }: FenceAgent, at: At): readonly Finding[] {
  const sections = [['parameters', parameters] as const, ...nodeSections(nodes)];
  return sections.flatMap(([where, each]) =>
    Object.keys(each)
      .filter((name) => secretName.test(name))
      .map((name) => {
        const reason = `${name} is a secret, and secrets do not belong here, only names of files that hold them`;
        return at(`${where}.${name}`, reason, `secretFiles: { ${name}: /etc/pathwarden/fence.${name} }`);
      }),
  );
}

type Nodes = NonNullable<FenceAgent['nodes']>;
const nodeSections = (nodes: Nodes) => Object.entries(nodes).map(([node, each]) => [`nodes.${node}`, each] as const);

function nodesDiffer({ parameters = {}, nodes = {} }: FenceAgent, at: At): readonly Finding[] {
  const saysNode = Object.values(parameters).some((value) => String(value).includes('{node}'));
  const names = Object.keys(nodes);
  if (names.length === 0) {
    const reason = 'no parameter has {node} in it and nodes is empty, so the agent cannot know whom to fence';
    return saysNode ? [] : [at('nodes', reason, 'nodes: { gw1: { plug: 1 }, gw2: { plug: 2 } }')];
  }
  const keysOf = (node: string): string => Object.keys(nodes[node] ?? {}).sort().join(', ');
  const textOf = (node: string): string =>
    Object.entries(nodes[node] ?? {}).map(([name, value]) => `${name}=${String(value)}`).sort().join('\n');
  const [first = ''] = names;
  return names.flatMap((node) => {
    const twice = Object.keys(nodes[node] ?? {}).find((name) => Object.hasOwn(parameters, name));
    const same = names.find((other) => other !== node && textOf(other) === textOf(node));
    const example = `nodes: { ${node}: { plug: 1 } }`;
    if (twice !== undefined) {
      return [at(`nodes.${node}`, `${twice} is given in parameters, too: one of them is wrong`, example)];
    }
    if (same !== undefined && !saysNode) {
      return [at(`nodes.${node}`, `it has the same as ${same}: one would be fenced for the other`, example)];
    }
    if (keysOf(node) === keysOf(first)) return [];
    const [own, others] = [node, first].map((each) => keysOf(each) || 'nothing');
    const reason = `it has ${own}, and ${first} has ${others}: name the same of each`;
    return [at(`nodes.${node}`, reason, example)];
  });
}

/** An address that two nodes have, or every host, would cut off a node that serves. */
export function cephKnowsWhom({ exclusion }: Config): readonly Finding[] {
  return exclusion.methods.flatMap((method, index) => {
    if (method.method !== 'ceph') return [];
    const given = Object.entries(method.nodes).flatMap(([node, ips]) =>
      ips.map((ip) => ({ node, ip, key: hostOf(ip) })),
    );
    const example = 'nodes: { gw1: [10.0.2.1], gw2: [10.0.2.2] }';
    const at = (node: string, reason: string): Finding => ({
      path: ['exclusion', 'methods', index, 'nodes', node],
      reason,
      example,
    });
    return given.flatMap(({ node, ip, key }) => {
      const other = given.find((each) => each.key === key && each.node !== node);
      if (isOnEveryHost(key)) return [at(node, `${ip} belongs to every host`)];
      if (other === undefined) return [];
      return [at(node, `${ip} is given for ${other.node}, too: one would be fenced for the other`)];
    });
  });
}

/** One spelling of each address, IPv4 that is mapped into IPv6 included. */
const hostOf = (ip: string): string => new URL(`http://[${ip.includes(':') ? ip : `::ffff:${ip}`}]/`).hostname;

const isOnEveryHost = (host: string): boolean => /^\[(::1?|::ffff:(7f[0-9a-f]{2}:.*|0:0))\]$/.test(host);

/** A hint proves nothing: without a method behind it, it looks like fencing and is none. */
export function hintsAreFollowed({ exclusion: { methods } }: Config): readonly Finding[] {
  return methods.flatMap((method, index) => {
    if (method.method !== 'sshPoweroff') return [];
    const at = (name: string, reason: string, example: string): Finding => ({
      path: ['exclusion', 'methods', index, name],
      reason,
      example,
    });
    const isTold = method.destination.includes('{node}');
    const isFollowed = methods.slice(index + 1).some((later) => !['sshPoweroff', 'self'].includes(later.method));
    const unfollowed = 'sshPoweroff is a hint and never proof: a method that proves must come after it';
    const untold = 'it has no {node}, so it cannot know whom to ask';
    return [
      ...(isTold ? [] : [at('destination', untold, 'destination: root@{node}')]),
      ...(isFollowed ? [] : [at('method', unfollowed, '- method: fenceAgent')]),
    ];
  });
}

const ms = String;
