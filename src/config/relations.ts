// What must hold between settings. Each rule shows its arithmetic.
import type { Mistake } from './mistake.ts';
import type { Config } from './schema.ts';
import type { YamlSource } from './yaml.ts';

interface Rule {
  /** The settings that the rule reads. It is skipped where one of them has a mistake of its own. */
  readonly reads: readonly string[];
  readonly check: (config: Config) => readonly Finding[];
}

interface Finding {
  readonly path: readonly (string | number)[];
  readonly reason: string;
  readonly example: string;
}

export function relationMistakes(config: Config, broken: ReadonlySet<string>, source: YamlSource): readonly Mistake[] {
  const touches = (bad: string, key: string): boolean =>
    bad === '(file)' || `${key}.`.startsWith(`${bad}.`) || bad.startsWith(`${key}.`);
  const sound = (key: string): boolean => ![...broken].some((bad) => touches(bad, key));
  return rules
    .filter((rule) => rule.reads.every(sound))
    .flatMap((rule) => rule.check(config))
    .map(({ path, reason, example }) => ({ key: path.join('.'), line: source.lineOf(path), reason, example }));
}

const rules: readonly Rule[] = [
  { reads: ['session.ttlMs', 'session.marginMs'], check: marginFits },
  { reads: ['session.ttlMs', 'session.marginMs', 'session.renewEveryMs'], check: renewsOftenEnough },
  { reads: ['session.ttlMs', 'session.marginMs', 'session.renewEveryMs', 'deadlines.consulMs'], check: renewalMayHang },
  { reads: ['session', 'deadlines', 'exclusion.methods'], check: leaseBoundsHold },
  { reads: ['exclusion.methods'], check: commandsKnowWhom },
  { reads: ['consul.certFile', 'consul.keyFile'], check: certificateHasKey },
  { reads: ['consul'], check: tlsHasHttps },
  { reads: ['announceAtMs'], check: announcementsGrow },
];

function marginFits({ session: { ttlMs, marginMs } }: Config): readonly Finding[] {
  if (marginMs * 2 <= ttlMs) return [];
  const reason =
    `marginMs ${ms(marginMs)} is more than half of ttlMs ${ms(ttlMs)}: ` +
    'this node would stop serving at the slightest trouble';
  return [{ path: ['session', 'marginMs'], reason, example: `marginMs: ${ms(Math.floor(ttlMs / 4))}` }];
}

function renewsOftenEnough({ session }: Config): readonly Finding[] {
  const { ttlMs, marginMs, renewEveryMs } = session;
  const most = Math.floor((ttlMs - marginMs) / 3);
  // A margin that leaves no time at all has its own mistake.
  if (most < 200 || renewEveryMs <= most) return [];
  const reason =
    `renewEveryMs ${ms(renewEveryMs)} > (ttlMs ${ms(ttlMs)} - marginMs ${ms(marginMs)}) / 3 = ${ms(most)}: ` +
    'two lost renewals would cost all paths of this node';
  return [{ path: ['session', 'renewEveryMs'], reason, example: `renewEveryMs: ${ms(Math.min(2000, most))}` }];
}

function renewalMayHang({ session, deadlines }: Config): readonly Finding[] {
  const { ttlMs, marginMs, renewEveryMs } = session;
  const { consulMs } = deadlines;
  const time = ttlMs - marginMs;
  if (renewEveryMs + consulMs < time || marginMs * 2 > ttlMs) return [];
  const reason =
    `renewEveryMs ${ms(renewEveryMs)} + consulMs ${ms(consulMs)} = ${ms(renewEveryMs + consulMs)} >= ` +
    `ttlMs ${ms(ttlMs)} - marginMs ${ms(marginMs)} = ${ms(time)}: ` +
    'one hanging renewal would cost all paths of this node';
  const better = Math.max(100, Math.floor((time - renewEveryMs) / 2));
  return [{ path: ['deadlines', 'consulMs'], reason, example: `consulMs: ${ms(better)}` }];
}

/**
 * Time proves that a lost node serves nothing only when (1) the bound covers its longest way to standstill, counted
 * from its last contact, and (2) nobody can take the lock before the bound has passed. This holds with and without
 * `nodeHealth`: gossip may end the session right after a contact, so (1) never counts on the TTL having run out.
 */
function leaseBoundsHold({ session, deadlines, exclusion }: Config): readonly Finding[] {
  return exclusion.methods.flatMap((method, index) => {
    if (method.method !== 'leaseBound') return [];
    const { boundMs } = method;
    return [...boundCoversStandstill(boundMs, index, session, deadlines), ...lockDelayCoversBound(boundMs, session)];
  });
}

function boundCoversStandstill(
  boundMs: number,
  index: number,
  { ttlMs, marginMs }: Config['session'],
  { targetMs, addressMs }: Config['deadlines'],
): readonly Finding[] {
  const standstillMs = ttlMs - marginMs + targetMs + addressMs;
  if (boundMs >= standstillMs) return [];
  const reason =
    `boundMs ${ms(boundMs)} < ttlMs ${ms(ttlMs)} - marginMs ${ms(marginMs)} + targetMs ${ms(targetMs)} + ` +
    `addressMs ${ms(addressMs)} = ${ms(standstillMs)}: ` +
    'a node that lost contact may serve and tear down for longer than the bound';
  return [{ path: ['exclusion', 'methods', index, 'boundMs'], reason, example: `boundMs: ${ms(standstillMs)}` }];
}

function lockDelayCoversBound(boundMs: number, { lockDelayMs, marginMs }: Config['session']): readonly Finding[] {
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
function commandsKnowWhom({ exclusion }: Config): readonly Finding[] {
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

function certificateHasKey({ consul: { certFile, keyFile } }: Config): readonly Finding[] {
  if ((certFile === undefined) === (keyFile === undefined)) return [];
  const [given, missing] = certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
  const reason = `${given} is given without ${missing}: a client certificate needs both`;
  const file = `/etc/pathwarden/client.${missing === 'keyFile' ? 'key' : 'pem'}`;
  return [{ path: ['consul', given], reason, example: `${missing}: ${file}` }];
}

function tlsHasHttps({ consul }: Config): readonly Finding[] {
  const given = (['caFile', 'certFile', 'keyFile', 'serverName'] as const).find((name) => consul[name] !== undefined);
  if (given === undefined || consul.url.startsWith('https:')) return [];
  const reason = `${given} is given, but url is plain http`;
  return [{ path: ['consul', 'url'], reason, example: 'url: https://127.0.0.1:8501' }];
}

function announcementsGrow({ announceAtMs }: Config): readonly Finding[] {
  const grows = announceAtMs.every((at, index) => index === 0 || at > (announceAtMs[index - 1] ?? 0));
  if (grows) return [];
  const reason = `the times do not grow: ${announceAtMs.join(', ')}`;
  return [{ path: ['announceAtMs'], reason, example: 'announceAtMs: [0, 200, 500, 1000]' }];
}

const ms = String;
