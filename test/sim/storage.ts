// A storage that can be told to refuse a node, by every other node, and what may be wrong with that.
import type { FencePort } from '../../src/ports/dataplane.ts';
import { done, refused, unknown, type Outcome } from '../../src/ports/outcome.ts';
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import { never, type Timeline } from './timeline.ts';

const usualMs = 600;
/** Longer than anybody waits: the node may be back, and innocent. */
const lateMs = 8_000;

type Hosts = ReadonlyMap<string, Powered>;

/** The storage is told what to refuse; nobody's power is touched. */
export function refusalFor(
  { world, trace, fences, network }: Parts, by: Powered, hosts: Hosts, process: Timeline,
): FencePort {
  const refuse = (node: string): void => {
    trace.note(by.name, () => `has the storage refuse ${node}`);
    network.refused.add(node);
  };
  return {
    fence({ node }, { deadlineMs, signal }) {
      if (process.isEnded) return never();
      const how = [...fences][0]?.how;
      const innocent = [...hosts.keys()].find((name) => name !== by.name && name !== node);
      return process.answer(new Promise<Outcome<{ evidence: string }>>((resolve) => {
        process.after(deadlineMs, () => resolve(unknown('the storage did not answer')));
        signal?.addEventListener('abort', () => resolve(unknown('called off')), { once: true });
        if (how === 'hang') return;
        world.after(how === 'late' ? lateMs : usualMs, () => {
          if (how === 'fail') return resolve(refused('the storage says: no'));
          const hit = how === 'wrong' ? innocent : node;
          if (hit !== undefined) refuse(hit);
          const isProven = network.refused.has(node);
          resolve(isProven ? done({ evidence: `the storage refuses ${node}` }) : refused(`${node} is not refused`));
        });
      }));
    },
  };
}

/** The judge hears whom the storage refuses, and looks again when that is over. */
export function watchRefusals({ network: { refused: set }, judge, shared, shape, trace }: Parts): void {
  judge.refuses = (node) => set.has(node);
  const remove = set.delete.bind(set);
  set.delete = (node) => {
    if (!remove(node)) return false;
    trace.note(node, () => 'is taken by the storage again');
    shared.cleared(node);
    for (const { id } of shape.disks.flatMap(({ paths }) => paths)) judge.countWriters(id);
    return true;
  };
}
