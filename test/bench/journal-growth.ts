// What one take-over leaves in the journal of who takes: a host dies, is fenced, and its path is served by the other.
import { join } from 'node:path';
import { memoryDataPlane } from '../../adapters/dataplane.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import { noteCommand } from '../../src/daemon/commands.ts';
import type { DaemonParts } from '../../src/daemon/daemon.ts';
import type { DataPlane, FencePort } from '../../src/ports/dataplane.ts';
import type { JournalRecord } from '../../src/ports/journal.ts';
import { done } from '../../src/ports/outcome.ts';
import { Cluster, type Node } from '../scenarios/cluster.ts';
import type { Figure } from './report.ts';

/** About what the adapters for tgt, iproute2, nftables and image files run, by verb: estimated, not counted. */
const commandsPerVerb: Readonly<Record<string, number>> = {
  ensureAttached: 3, ensureDefined: 8, ensureOpen: 5, ensureClosed: 3, ensureRemoved: 3,
  probe: 2, ensureAdded: 2, announce: 2, ensureBlocked: 1, ensureUnblocked: 1, fence: 2,
};
/** A record keeps no more of a command: real ones are often shorter. */
const longest = 'tgtadm -C 0 --lld iscsi --mode logicalunit --op update --tid 17 --lun 1 --params '.padEnd(80, 'x');
const copies = 200;
const settleMs = 15_000;

export async function benchGrowth(directory: string): Promise<readonly Figure[]> {
  const records = await takeOver();
  const bytes = await growth(join(directory, 'growth.db'), records);
  const sizes = records.map((record) => Buffer.byteLength(JSON.stringify(record)));
  const largest = Math.max(...sizes);
  const sum = sizes.reduce((total, size) => total + size, 0);
  return [
    {
      name: 'record of a take-over',
      value: Math.round(bytes / records.length),
      unit: 'bytes in the file',
      baseline: { value: Math.round(sum / records.length), what: 'the same records as JSON, without table and index' },
      facts: { largestAsJson: largest },
    },
    {
      name: 'journal growth per take-over',
      value: Math.round(bytes),
      unit: 'bytes',
      bar: { atMost: 12_000 },
      baseline: { value: sum, what: 'the same records as JSON, without table and index' },
      facts: { records: records.length, exclusionRecords: records.filter(isOfExclusion).length },
    },
  ];
}

const isOfExclusion = ({ actor }: JournalRecord): boolean => actor.startsWith('exclusion/');

/** Everything that the survivor records from the death of the host until nothing happens any more. */
async function takeOver(): Promise<readonly JournalRecord[]> {
  const cluster = new CommandCluster([{ method: 'command', position: 0 }]);
  for (const name of ['n1', 'n2']) await cluster.start(name);
  await cluster.addDisk('00001', ['10.0.1.101']);
  await cluster.until(() => cluster.allServed(), 10_000);
  await cluster.pass(settleMs);
  const [owner = ''] = cluster.servers('00001/1');
  const survivor = cluster.node(owner === 'n1' ? 'n2' : 'n1');
  const before = survivor.records.length;
  await cluster.lose(owner, 'host');
  await cluster.until(() => cluster.allServed(), 40_000);
  await cluster.pass(settleMs);
  const records = survivor.records.slice(before);
  if (!records.some(isOfExclusion)) throw new Error('nobody was excluded');
  return records;
}

/** A memory cluster whose records say of the commands what real adapters say. */
class CommandCluster extends Cluster {
  protected override partsOf({ name }: Node, parts: DaemonParts): DaemonParts {
    const plane = memoryDataPlane({ node: name, network: this.network, clock: this.clock });
    const fence: FencePort = { fence: () => Promise.resolve(done({ evidence: 'status says OFF' })) };
    const { backstore, target, address, traffic } = plane;
    const dataPlane: DataPlane = {
      backstore: running(backstore), target: running(target), address: running(address), traffic: running(traffic),
    };
    return { ...parts, dataPlane, fences: [running(fence)] };
  }
}

function running<Port extends object>(port: Port): Port {
  return new Proxy(port, {
    get(target, verb) {
      const real: unknown = Reflect.get(target, verb);
      if (typeof real !== 'function') return real;
      return (...given: unknown[]): unknown => {
        const count = commandsPerVerb[String(verb)] ?? 0;
        for (let run = 0; run < count; run += 1) noteCommand({ command: longest, code: 0, durationMs: 12 });
        return Reflect.apply(real, target, given);
      };
    },
  });
}

/** Bytes that the file grows by for these records: the mean of many times. */
async function growth(file: string, records: readonly JournalRecord[]): Promise<number> {
  const journal = sqliteJournal({ file });
  await journal.open();
  try {
    const used = async (): Promise<number> => {
      const nothingGoes = { keepSince: 0, bytesMax: Number.MAX_SAFE_INTEGER, recordsMax: 1 };
      return (await journal.compact(nothingGoes)).usedBytes;
    };
    const before = await used();
    for (let seq = 0; seq < copies * records.length; seq += records.length) {
      await journal.append(records.map((record, at) => ({ ...record, seq: seq + at + 1 })));
    }
    return ((await used()) - before) / copies;
  } finally {
    await journal.close();
  }
}
