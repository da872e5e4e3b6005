// Fencing by an agent of the fence-agents project: parameters on standard input, then what it says of the power.
import { readFile } from 'node:fs/promises';
import type { FencePort } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run, type RunResult, shareDeadline } from '../run.ts';

type Parameters = Readonly<Record<string, string | number | boolean>>;

export interface AgentSettings {
  readonly run: Run;
  /** A program that follows the FenceAgentAPI: `fence_ipmilan`. */
  readonly agent: string;
  /** The same for every node. `{node}` in a text is replaced. */
  readonly parameters: Parameters;
  /** Parameters whose values stand in files: by name, the file. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** What differs from node to node: its plug, its management board. Empty when parameters say `{node}`. */
  readonly nodes: Readonly<Record<string, Parameters>>;
}

/** Proof is `status` saying off after `off` succeeded: an agent that only claims to have switched proves nothing. */
export function agentFence(settings: AgentSettings): FencePort {
  const { run, agent, nodes } = settings;
  return {
    async fence({ node }, options) {
      if (Object.keys(nodes).length > 0 && nodes[node] === undefined) {
        return refused(`${agent} has no parameters for node ${node}`);
      }
      const secrets = await secretsOf(settings.secretFiles);
      if (secrets.kind !== 'done') return secrets;
      const left = shareDeadline(options);
      const ask = (action: string): Promise<RunResult> =>
        run([agent], {
          ...(left() satisfies CallOptions),
          input: linesOf({ action, nodename: node, ...filled(settings, node), ...secrets.value }),
          secrets: Object.values(secrets.value),
        });
      const off = await ask('off');
      if (off.kind !== 'exited') return failure(off);
      if (off.code !== 0) return refused(`not proven: ${agent} off: ${describe(off)}`);
      return readStatus(agent, node, await ask('status'));
    },
  };
}

const isOffCode = 2;

/**
 * Exit code 2 means off, 0 means on. 2 is also how programs complain of their arguments, so the agent has to say it in
 * words, too.
 */
function readStatus(agent: string, node: string, status: RunResult): Outcome<{ evidence: string }> {
  const unconfirmed = `${agent} switched ${node} off and did not confirm it`;
  if (status.kind === 'unknown') return unknown(`${unconfirmed}: ${status.reason}`);
  if (status.kind !== 'exited') return failure(status);
  const saysOff = /\boff\b/i.test(status.stdout);
  if (status.code === isOffCode && saysOff) return done({ evidence: `${agent} status: ${node} is off` });
  if (status.code === 0) return refused(`not proven: ${agent} switched ${node} off, and says that it is on`);
  return refused(`not proven: ${agent} status does not say off: ${describe(status)}`);
}

function filled({ parameters, nodes }: AgentSettings, node: string): Record<string, string> {
  const given = Object.entries({ ...parameters, ...nodes[node] });
  return Object.fromEntries(given.map(([name, value]) => [name, textOf(value).replaceAll('{node}', node)]));
}

/** The API knows no booleans: agents take 1 and 0. */
const textOf = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? '1' : '0') : String(value);

const linesOf = (parameters: Readonly<Record<string, string>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');

/** Read each time, so that a new password needs no restart. */
async function secretsOf(files: Readonly<Record<string, string>>): Promise<Outcome<Record<string, string>>> {
  const secrets: Record<string, string> = {};
  for (const [name, file] of Object.entries(files)) {
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) return refused(`${file} with ${name} for the fence agent cannot be read`);
    const secret = text.replace(/\r?\n$/, '');
    // Each line of the input is a parameter of its own.
    if (/[\r\n]/.test(secret)) return refused(`${file} with ${name} for the fence agent holds more than one line`);
    secrets[name] = secret;
  }
  return done(secrets);
}
