// A power switch that every node can reach, and what may be wrong with it.
import type { FencePort } from '../../src/ports/dataplane.ts';
import { done, refused, unknown, type Outcome } from '../../src/ports/outcome.ts';
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import { never, type Timeline } from './timeline.ts';

const usualMs = 600;
const lateMs = 8_000;
/** Somebody switches it on again. */
const offForMs = 45_000;

type Hosts = ReadonlyMap<string, Powered>;

export function fenceFor({ world, trace, fences }: Parts, by: Powered, hosts: Hosts, process: Timeline): FencePort {
  const switchOff = (host: Powered): void => {
    trace.note(by.name, () => `switches ${host.name} off`);
    host.powerOff();
    world.after(offForMs, () => host.powerOn());
  };
  return {
    fence({ node }, { deadlineMs, signal }) {
      if (process.isEnded) return never();
      const [bad] = fences;
      const victim = hosts.get(node);
      const innocent = [...hosts.values()].find((host) => host !== by && host !== victim && host.isOn);
      return process.answer(new Promise<Outcome<{ evidence: string }>>((resolve) => {
        const end = (outcome: Outcome<{ evidence: string }>): void => resolve(outcome);
        process.after(deadlineMs, () => end(unknown('the fence did not answer')));
        signal?.addEventListener('abort', () => end(unknown('called off')), { once: true });
        if (bad?.how === 'hang' || victim === undefined) return;
        // Switched off in time, and said so late.
        world.after(bad?.how === 'late' ? usualMs : usualMs * 0.9, () => {
          if (bad?.how === 'fail') return end(refused('the fence agent says: no'));
          const hit = bad?.how === 'wrong' ? innocent : victim;
          if (hit !== undefined) switchOff(hit);
          const verified = (): void =>
            end(victim.isOn ? refused(`${node} is still on`) : done({ evidence: `${node} is off` }));
          if (bad?.how === 'late') world.after(lateMs, verified);
          else verified();
        });
      }));
    },
  };
}
