// Before a stop that leaves everything served: others must not take the silence of a restart for a death.
import { keys } from '../core/records.ts';
import { readNodeRecord } from '../core/view.ts';
import type { CallOptions } from '../ports/outcome.ts';
import type { ClusterPort } from '../ports/cluster.ts';

interface Withdrawn {
  readonly cluster: ClusterPort;
  readonly node: string;
  readonly session: string;
  readonly options: CallOptions;
}

/** Takes the address out of our record; the next start writes it anew. False: others may miss us. */
export async function withdrawAddress({ cluster, node, session, options }: Withdrawn): Promise<boolean> {
  const key = keys.node(node);
  const read = await cluster.read(key, options);
  if (read.kind !== 'done' || read.value?.session !== session) return false;
  const { value, lockIndex } = read.value;
  try {
    const record = { ...readNodeRecord(value), peers: undefined };
    const written = await cluster.update({ key, session, lockIndex }, JSON.stringify(record), options);
    return written.kind === 'done';
  } catch {
    return false;
  }
}
