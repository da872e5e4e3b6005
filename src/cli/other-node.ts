// What an actor does is known on its own node only: finds the agent there.
import { PathwardenError } from '../errors.ts';
import type { Client } from './client.ts';
import { clientOf, type ConnectionOptions } from './context.ts';
import { findNode } from './find.ts';
import type { Terminal } from './terminal.ts';

export interface NodeOptions extends ConnectionOptions {
  readonly node?: string;
}

/** The client for `--node`, or the one for `--url`. Only for reads: the operator token is not sent to it. */
export async function clientOfNode(options: NodeOptions, terminal: Terminal): Promise<Client> {
  const client = clientOf(options, terminal);
  if (options.node === undefined) return client;
  const { node, inspector } = findNode(await client.cluster(), options.node);
  if (inspector !== '') return clientOf({ ...options, url: inspector }, terminal);
  const advice = `set http.advertise there, or run this on ${node}`;
  const text = `Node ${node} does not say where its agent can be reached: ${advice}`;
  throw new PathwardenError('AGENT_UNREACHABLE', text, { node });
}

/** Adds to "no such actor" where to look instead. */
export async function orElsewhere<T>(client: Client, what: string, answer: Promise<T>): Promise<T> {
  return await answer.catch(async (error: unknown) => {
    if (!(error instanceof PathwardenError) || error.code !== 'NOT_FOUND') throw error;
    const { node, nodes } = await client.cluster();
    const others = nodes.filter((one) => one.node !== node).map((one) => one.node);
    const hint = others.length === 0 ? '' : `; ask another node with --node: ${others.join(', ')}`;
    const message = `${what} is not known on ${node}${hint}`;
    throw new PathwardenError('NOT_FOUND', message, { ...error.facts, node }, { cause: error });
  });
}
