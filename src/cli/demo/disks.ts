// Adds the disks the way any operator does: through the HTTP interface of the nodes.
import { setTimeout as pause } from 'node:timers/promises';
import type { DiskSpec } from '../../core/records.ts';
import { PathwardenError } from '../../errors.ts';
import type { Client } from '../client.ts';
import { wwnOf } from '../disk-spec.ts';
import type { Portal } from './prober.ts';

const joinDeadlineMs = 20_000;
const addDeadlineMs = 10_000;
const askEveryMs = 50;

export async function addDisks(clients: readonly Client[], portals: readonly Portal[], signal: AbortSignal) {
  await Promise.all(clients.map((client) => allJoined(client, clients.length, signal)));
  const disks = [...new Set(portals.map(({ disk }) => disk))];
  await Promise.all(
    disks.map(async (disk, position) => {
      const client = clients[position % clients.length];
      const mine = portals.filter((portal) => portal.disk === disk);
      if (client !== undefined) await addDisk(client, disk, mine);
    }),
  );
}

/** A node that does not know the others yet would take all paths for itself. */
async function allJoined(client: Client, nodes: number, signal: AbortSignal): Promise<void> {
  const until = performance.now() + joinDeadlineMs;
  for (;;) {
    signal.throwIfAborted();
    const cluster = await client.cluster();
    if (cluster.nodes.filter(({ alive }) => alive).length >= nodes) return;
    if (performance.now() > until) {
      const text = `Node ${cluster.node} of the demo does not see all ${String(nodes)} nodes`;
      throw new PathwardenError('INTERNAL', text, { nodes: cluster.nodes });
    }
    await pause(askEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function addDisk(client: Client, disk: string, portals: readonly Portal[]): Promise<void> {
  const iqn = portals[0]?.iqn ?? '';
  const spec: DiskSpec = {
    desired: 'started',
    iqn,
    wwn: wwnOf(iqn),
    backstore: { kind: 'memory' },
    access: { initiators: [] },
    paths: portals.map(({ index, ip, port }) => ({ index, ip, port, prefix: 8, interface: 'lo' })),
  };
  const event = { type: 'operator.add', spec, by: 'demo', reason: 'the demo needs disks', waitMs: addDeadlineMs };
  const posted = await client.post(`disk/${disk}`, event);
  if (posted.accepted && posted.answers.some(({ type }) => type === 'spec.created')) return;
  throw new PathwardenError('INTERNAL', `Disk ${disk} of the demo could not be added`, { posted });
}
