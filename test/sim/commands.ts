// The commands of one host: the memory twins of the data plane, with commands that are slow, fail or hang.
import { memoryDataPlane } from '../../adapters/dataplane.ts';
import { memoryStorageFence } from '../../adapters/fence/memory-clear.ts';
import { guardWith, type Fault as CommandFault, type Faults } from '../../adapters/memory-faults.ts';
import type { DataPlane, StorageFencePort } from '../../src/ports/dataplane.ts';
import { judgeOpening } from './locks.ts';
import type { Parts } from './parts.ts';
import type { Random } from './random.ts';
import type { Incarnation } from './shared-disk.ts';
import { never, type Timeline } from './timeline.ts';

export interface BadCommands {
  readonly random: Random;
  readonly verbs: string;
  readonly how: 'slow' | 'refuse' | 'unknown' | 'applied' | 'hang';
  readonly share: number;
}

export interface Hooks {
  /** A command is about to be given. */
  onCommand(verb: string): void;
  /** As whom the daemon on this host serves the path. */
  incarnation(path: string): Incarnation;
  mayServe(): boolean;
  /** The clock of this host has stood still. */
  hasLostTime(): boolean;
}

const hangMs = 30_000;
const serving = new Set(['address.ensureAdded', 'target.ensureOpen']);

export function commandsOf(
  parts: Parts,
  node: string,
  kernel: Timeline,
  { process, bad, random, hooks }: {
    process: Timeline; bad: ReadonlySet<BadCommands>; random: Random; hooks: Hooks;
  },
): DataPlane & { readonly storage: StorageFencePort } {
  const { shape, network, shared, judge, trace } = parts;
  const faults = faultsFrom(bad, random, shape.commandMs);
  const plane = memoryDataPlane({ node, network, clock: kernel, faults });
  const pathOf = new Map(shape.disks.flatMap(({ paths }) => paths.map(({ id, ip }) => [ip, id] as const)));
  const gated = <Port extends object>(name: string, port: Port): Port =>
    new Proxy(port, {
      get(target, verb) {
        const call = Reflect.get(target, verb) as (...given: unknown[]) => Promise<unknown>;
        const full = `${name}.${String(verb)}`;
        return async (...given: unknown[]): Promise<unknown> => {
          if (process.isEnded) return never();
          hooks.onCommand(full);
          if (process.isEnded) return never();
          if (serving.has(full) && !hooks.mayServe()) {
            judge.violate('work after the own deadline', `${node} asks for ${full} without a lease`);
          }
          const ip = ipIn(given[0]);
          const path = pathOf.get(ip);
          if (path !== undefined && full === 'target.ensureOpen') {
            judgeOpening(parts, path, hooks.incarnation(path), hooks.hasLostTime());
            shared.asked(path, hooks.incarnation(path));
          }
          const outcome = await process.answer(call(...given));
          trace.note(node, () => `${full} ${ip}: ${kindOf(outcome)}`);
          return outcome;
        };
      },
    });
  return {
    backstore: gated('backstore', plane.backstore),
    target: gated('target', plane.target),
    address: gated('address', plane.address),
    traffic: gated('traffic', plane.traffic),
    storage: gated('storage', memoryStorageFence(network, node, guardWith(faults, kernel))),
  };
}

const kindOf = (outcome: unknown): string => String(Reflect.get(outcome as object, 'kind'));

function ipIn(request: unknown): string {
  if (typeof request === 'string') return request;
  const ip: unknown = typeof request === 'object' && request !== null ? Reflect.get(request, 'ip') : undefined;
  return typeof ip === 'string' ? ip : '';
}

function faultsFrom(bad: ReadonlySet<BadCommands>, random: Random, commandMs: number): Faults {
  const usual = (): CommandFault | undefined =>
    commandMs === 0 ? undefined : { kind: 'delay', ms: Math.round(random.next() * commandMs) };
  return {
    once: () => {},
    always: () => {},
    take(verb) {
      const met = [...bad].find((each) => verb.startsWith(each.verbs) && each.random.chance(each.share));
      if (met === undefined) return usual();
      if (met.how === 'refuse') return { kind: 'refuse', reason: 'it does not work now' };
      if (met.how === 'unknown') return { kind: 'unknown', reason: 'nobody can say' };
      if (met.how === 'applied') return { kind: 'unknown', reason: 'the answer was lost', applied: true };
      // A packet filter that changes after its command was given up would be seen by nobody: a known gap.
      if (verb.startsWith('traffic.')) return { kind: 'unknown', reason: 'no answer' };
      return { kind: 'delay', ms: met.how === 'hang' ? hangMs : met.random.between(50, 2_500) };
    },
  };
}
