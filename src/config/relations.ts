// What must hold between settings. Each rule shows its arithmetic.
import {
  agentsKnowWhom,
  cephKnowsWhom,
  commandsKnowWhom,
  hintsAreFollowed,
  leaseBoundsHold,
} from './relations-exclusion.ts';
import { missesAfterSeveralBeats, peersAreOnOrOff, peersCanBeReached } from './relations-peers.ts';
import type { Finding, Mistake } from './mistake.ts';
import type { Config } from './schema.ts';
import type { YamlSource } from './yaml.ts';

interface Rule {
  /** The settings that the rule reads. It is skipped where one of them has a mistake of its own. */
  readonly reads: readonly string[];
  readonly check: (config: Config) => readonly Finding[];
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
  { reads: ['session', 'watchdog', 'exclusion.methods'], check: leaseBoundsHold },
  { reads: ['exclusion.methods'], check: commandsKnowWhom },
  { reads: ['exclusion.methods'], check: agentsKnowWhom },
  { reads: ['exclusion.methods'], check: cephKnowsWhom },
  { reads: ['exclusion.methods'], check: hintsAreFollowed },
  { reads: ['consul.certFile', 'consul.keyFile'], check: certificateHasKey },
  { reads: ['consul'], check: tlsHasHttps },
  { reads: ['peers'], check: peersAreOnOrOff },
  { reads: ['peers.listen', 'peers.advertise'], check: peersCanBeReached },
  { reads: ['peers.heartbeat'], check: missesAfterSeveralBeats },
  { reads: ['ceph', 'dataPlane.kind'], check: imagesCanBeOpened },
  { reads: ['announceAtMs'], check: announcementsGrow },
];

function imagesCanBeOpened({ ceph: { via, mapOptions }, dataPlane: { kind } }: Config): readonly Finding[] {
  if (via !== 'librbd') return [];
  const noTarget = `librbd is for a target that opens images itself, and ${kind} does not`;
  const notMapped = 'an image that is opened through librbd is not mapped, and no option of mapping it has an effect';
  return [
    ...(kind === 'tgt' ? [] : [{ path: ['ceph', 'via'], reason: noTarget, example: 'via: krbd' }]),
    ...(mapOptions === undefined ? [] : [{ path: ['ceph', 'mapOptions'], reason: notMapped, example: 'via: krbd' }]),
  ];
}

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
