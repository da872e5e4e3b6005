// Consul: it answers, knows its leader, and the token has the rights that the daemon uses.
import type { ConsulAgentFacts, ConsulFactsPort } from '../ports/doctor.ts';
import type { Outcome } from '../ports/outcome.ts';
import { asRoot, type Finding, sayIn } from './finding.ts';
import type { Setup } from './setup.ts';

const say = sayIn('consul');
/** The Date of an answer counts whole seconds. */
const clockApartMostMs = 2000;
/** `raft_multiplier` 1; each more is a second more. */
const electionUnitMs = 1000;

export async function consulFindings({ config, ports, keys }: Setup): Promise<readonly Finding[]> {
  if (ports.consul.kind !== 'done') {
    const { kind, reason } = ports.consul;
    if (kind === 'unknown') return [say.unknown('agent', reason, asRoot)];
    return [say.failure('agent', reason, filesFix(config, reason))];
  }
  const consul = ports.consul.value;
  const agent = await consul.agent();
  const facts = agent.kind === 'done' ? agent.value : null;
  if (agent.kind === 'unknown') return [agentFinding(config, agent)];
  const [leader, writes, sessions] = await Promise.all([
    consul.leader(), consul.mayWriteKeys(), consul.mayUseSessions(),
  ]);
  return [
    agentFinding(config, agent),
    leaderFinding(leader),
    rightFinding('reads keys', keys, `below ${config.consul.prefix}`, keyRule(config)),
    rightFinding('writes keys', writes, `below ${config.consul.prefix}`, keyRule(config)),
    sessionFinding(config, sessions),
    ...(facts === null ? [] : [...electionFinding(config, facts), ...clockFinding(facts)]),
  ];
}

type Config = Setup['config'];

/** The files that the reason begins with, or all that are named. */
function filesFix({ consul: { tokenFile, caFile, certFile, keyFile } }: Config, reason: string): string {
  const named = Object.entries({ tokenFile, caFile, certFile, keyFile }).filter(([, file]) => file !== undefined);
  const concerned = named.filter(([, file]) => reason.startsWith(`${String(file)} `));
  const files = (concerned.length > 0 ? concerned : named).map(([name, file]) => `${name}: ${String(file)}`);
  return `consul: { ${files.join(', ')} }   # files that can be read and used`;
}

const keyRule = ({ consul }: Config): string => `key_prefix "${consul.prefix}" { policy = "write" }`;

function agentFinding({ consul }: Config, agent: Outcome<ConsulAgentFacts>): Finding {
  if (agent.kind === 'done') {
    const { version, node, isServer } = agent.value;
    return say.ok('agent', `${version}, ${consul.url}, ${isServer ? 'server' : 'client'} on ${node}`);
  }
  if (agent.kind === 'unknown') {
    const found = `${consul.url}: ${agent.reason.replace(/^consul: /, '')}`;
    return say.failure('agent', found, isCertificate(found) ? caFix : 'systemctl start consul   # or set consul.url');
  }
  const found = `${consul.url} answers, and does not say what it is: ${agent.reason}`;
  return say.failure('agent', found, rule('agent_prefix "" { policy = "read" }'));
}

const caFix = 'consul: { caFile: /etc/pathwarden/ca.pem, serverName: server.dc1.consul }';
const isCertificate = (reason: string): boolean => /CERT|SIGNED|ERR_TLS|UNABLE_TO_VERIFY|UNABLE_TO_GET/.test(reason);

function leaderFinding(leader: Outcome<string | null>): Finding {
  if (leader.kind !== 'done') return say.unknown('leader', leader.reason, 'consul operator raft list-peers');
  if (leader.value !== null) return say.ok('leader', leader.value);
  return say.failure('leader', 'there is none: no path can be taken', 'consul operator raft list-peers');
}

function rightFinding(what: string, answer: Outcome<unknown>, found: string, policy: string): Finding {
  if (answer.kind === 'done') return say.ok(what, found);
  return isForbidden(answer) ? say.failure(what, answer.reason, rule(policy)) : say.unknown(what, answer.reason);
}

type Sessions = Awaited<ReturnType<ConsulFactsPort['mayUseSessions']>>;

function sessionFinding({ session, consul }: Config, answer: Sessions): Finding {
  const what = 'makes sessions';
  if (answer.kind !== 'done') {
    if (isForbidden(answer)) return say.failure(what, answer.reason, rule('session_prefix "" { policy = "write" }'));
    if (answer.kind === 'unknown') return say.unknown(what, answer.reason);
    return say.failure(what, answer.reason, `consul: { sessionNode: ${consul.sessionNode ?? 'gw1'} }`);
  }
  const { leastTtlMs } = answer.value;
  if (leastTtlMs === null || leastTtlMs <= session.ttlMs) {
    const least = leastTtlMs === null ? '' : `, ${String(leastTtlMs)} at least`;
    return say.ok(what, `of ${String(session.ttlMs)} ms${least}`);
  }
  const found = `Consul takes no TTL below ${String(leastTtlMs)} ms, and session.ttlMs is ${String(session.ttlMs)}`;
  return say.failure(what, found, `session: { ttlMs: ${String(leastTtlMs)} }`);
}

/** Longer than this and every node stops while Consul elects. Clients do not know it. */
function electionFinding({ session }: Config, { isServer, electionTimeoutMs }: ConsulAgentFacts): readonly Finding[] {
  const what = 'raft_multiplier';
  if (!isServer || electionTimeoutMs === null) {
    return [say.unknown(what, 'this agent does not say it', 'consul info | grep -A1 raft   # on a Consul server')];
  }
  const multiplier = Math.max(1, Math.round(electionTimeoutMs / electionUnitMs));
  if (multiplier === 1) return [say.ok(what, '1')];
  const leaseMs = session.ttlMs - session.marginMs;
  const found =
    `${String(multiplier)}: the election of a leader may take ${String(multiplier * 4)} s, and without one ` +
    `all nodes stop serving after ${String(leaseMs / 1000)} s`;
  return [say.warning(what, found, 'performance { raft_multiplier = 1 }   # on each Consul server')];
}

function clockFinding({ clockAheadMs }: ConsulAgentFacts): readonly Finding[] {
  const what = 'its clock';
  if (clockAheadMs === null) return [];
  const apart = `${(Math.abs(clockAheadMs) / 1000).toFixed(0)} s ${clockAheadMs < 0 ? 'behind' : 'ahead of'} this host`;
  if (Math.abs(clockAheadMs) <= clockApartMostMs) return [say.ok(what, 'as here')];
  return [say.warning(what, apart, 'timedatectl set-ntp true')];
}

const isForbidden = (answer: Outcome<unknown>): boolean => answer.kind === 'refused' && answer.code === 'forbidden';

/** As in install.md; the name is what that page calls it. */
const rule = (text: string): string => `${text}   # into the policy of the token in consul.tokenFile`;
