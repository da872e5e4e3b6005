// One run: a seed, a plan, whole daemons, and a verdict.
import { setKey } from '../../adapters/consul/embedded/kv.ts';
import { openStore } from '../../adapters/consul/embedded/store.ts';
import { memoryNetwork } from '../../adapters/memory-host.ts';
import { keys } from '../../src/core/records.ts';
import { Consul } from './consul.ts';
import { judgeEnd } from './end.ts';
import { carryOut } from './faults.ts';
import { Host } from './host.ts';
import { Judge, type Violation } from './judge.ts';
import type { Parts } from './parts.ts';
import { PeerLines } from './peers.ts';
import type { Fault, FaultKind } from './fault.ts';
import { isQuorumLoss, planOf } from './plan.ts';
import { randomFrom } from './random.ts';
import { shapeOf, type Shape, type Wish } from './shape.ts';
import { SharedDisk } from './shared-disk.ts';
import { watchRefusals } from './storage.ts';
import { openTrace } from './trace.ts';
import { World } from './world.ts';

export interface Order extends Wish {
  readonly seed: number;
  readonly trace?: boolean;
  readonly kinds?: readonly FaultKind[];
  /** Instead of what the seed plans. */
  readonly plan?: readonly Fault[];
}

export interface Verdict {
  readonly shape: Shape;
  readonly plan: readonly Fault[];
  readonly violation: Violation | null;
  readonly simulatedMs: number;
  readonly events: number;
  readonly writes: number;
  /** The same for the same seed and plan, always. */
  readonly digest: string;
  readonly lines: readonly string[];
}

export async function runOnce(order: Order): Promise<Verdict> {
  const random = randomFrom(order.seed);
  const shape = shapeOf(order.seed, order, random.fork());
  // Drawn in any case, so that a shorter plan changes nothing else.
  const chance = random.fork();
  const plan = order.plan ?? planOf(shape, chance, order.kinds);
  const world = new World();
  const trace = openTrace(order.trace === true, () => world.nowMs);
  const judge = new Judge(shape, world, trace);
  const clock = { monotonicMs: () => world.nowMs, wallMs: () => world.nowMs, after: world.after.bind(world) };
  judge.indexNow = () => store.state.tableIndex.kv;
  let sessions = 0;
  const store = openStore({
    clock, adoptNodes: true, expiryFactor: shape.expiryFactor, newSessionId: () => sessionName((sessions += 1)),
  });
  const parts: Parts = {
    shape, world, store, judge, trace, random: random.fork(), network: memoryNetwork(), fences: new Set(),
    consul: new Consul(store, world, shape),
    peers: new PeerLines(shape, world, judge), shared: new SharedDisk(judge, world, trace),
  };
  writeDisks(parts);
  watchRefusals(parts);
  if (isQuorumLoss(shape, plan)) judge.forbidEnds(plan[0]?.atMs ?? 0);
  const hosts = new Map<string, Host>();
  for (const name of shape.nodes) hosts.set(name, new Host(parts, name, hosts));
  for (const host of hosts.values()) host.powerOn();
  parts.shared.startInitiators(shape, random.fork(), (node) => hosts.get(node)?.memory.linkUp === true);
  carryOut(parts, hosts, plan);
  await world.run(shape.troubleMs + shape.calmMs).catch((error: unknown) => {
    judge.violate('a daemon broke', error instanceof Error ? error.message : String(error));
  });
  if (judge.violation === null) await judgeEnd(parts, hosts);
  for (const host of hosts.values()) host.kill();
  return {
    shape, plan, violation: judge.violation, simulatedMs: world.nowMs, events: world.events,
    writes: parts.shared.writes, digest: trace.digest, lines: trace.lines,
  };
}

/** 36 characters, as Consul wants them, and readable. */
const sessionName = (number: number): string => `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`;

function writeDisks({ shape, store }: Parts): void {
  for (const { disk, paths } of shape.disks) {
    const spec = {
      desired: 'started', iqn: `iqn.2026-01.net.example:${disk}`, backstore: { kind: 'memory' },
      wwn: `60000000${disk.slice(1).padStart(8, '0')}`, access: { initiators: [] },
      paths: paths.map(({ ip }, at) => ({ index: at + 1, ip, prefix: 24, interface: 'eth1' })),
    };
    const value = Buffer.from(JSON.stringify(spec)).toString('base64');
    store.write((state) => setKey(state, { key: `pathwarden/${keys.disk(disk)}`, value, flags: 0, session: '' }));
  }
}
