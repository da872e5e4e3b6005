// How many steps a second the core makes, against XState's bare transition function on the same events.
import { initialTransition, transition } from 'xstate';
import type { DomainEvent } from '../../machines/intent.ts';
import { diskPathMachine } from '../../machines/disk-path/disk-path.machine.ts';
import { kindOf, type Kind } from '../../src/core/definition.ts';
import { stateOf } from '../../src/core/state.ts';
import { initial, step } from '../../src/core/step.ts';
import type { Result } from './report.ts';

const rounds = 1_000;
const turns = 5;
const evidence = { node: 'n1', session: 's1' };
const settings = { ip: '10.0.1.101', prefix: 24, interface: 'eth1', port: 3260, iqn: 'iqn.2026-01.net.example:00001' };
const reason = 'drained';

/** A whole takeover and a whole release, with the state that each event leads to. */
const walk: readonly (readonly [event: DomainEvent, state: string])[] = (
  [
    [{ type: 'path.specified', settings }, 'unlocked.idle'],
    [{ type: 'path.offered', modifyIndex: 7, rank: 0, delayMs: 1000, evidence }, 'unlocked.waiting'],
    [{ type: 'turn.due' }, 'locking.acquiring'],
    [{ type: 'lock.granted', epoch: 3, modifyIndex: 9, evidence }, 'locking.proving.waiting'],
    [{ type: 'exclusion.proven', session: 's1', method: 'command' }, 'locking.clearing'],
    [{ type: 'lock.cleared' }, 'mapped.preparing'],
    [{ type: 'traffic.blocked' }, 'mapped.preparing'],
    [{ type: 'disk.ready' }, 'mapped.preparing'],
    [{ type: 'address.probed', answeredBy: null }, 'mapped.addressing'],
    [{ type: 'address.added' }, 'mapped.confirming'],
    [{ type: 'lock.confirmed' }, 'mapped.opening'],
    [{ type: 'portal.opened' }, 'mapped.unblocking'],
    [{ type: 'traffic.unblocked' }, 'enabled'],
    [{ type: 'path.unwanted', reason }, 'releasing.blocking'],
    [{ type: 'traffic.blocked' }, 'releasing.closing'],
    [{ type: 'portal.closed' }, 'releasing.removing'],
    [{ type: 'address.removed' }, 'releasing.verifying'],
    [{ type: 'path.observed', address: false, portal: false }, 'releasing.freeing'],
    [{ type: 'disk.freed' }, 'releasing.unlocking'],
    [{ type: 'lock.released' }, 'releasing.unblocking'],
    [{ type: 'traffic.unblocked' }, 'unlocked.idle'],
  ] as const
).map(([event, state]) => [event as DomainEvent, state]);

export const stepping = {
  name: 'step',
  about: `The pure step function on a takeover and a release of one path (${String(walk.length)} events).`,
  run(): Promise<Result> {
    const kind = kindOf('path/00001/1');
    if (kind === undefined) throw new Error('no machine answers to a path');
    check(kind);
    ours(kind, rounds);
    raw(rounds);
    // In turns, so that both meet the same neighbours; the best of each is the least disturbed one.
    const mine: number[] = [];
    const bare: number[] = [];
    for (let turn = 0; turn < turns; turn += 1) {
      mine.push(perSecond(() => ours(kind, rounds)));
      bare.push(perSecond(() => raw(rounds)));
    }
    const what = 'bare xstate transition() on the same events';
    const figure = {
      name: 'step', value: Math.max(...mine), unit: 'steps/s', baseline: { value: Math.max(...bare), what },
      facts: { worst: Math.min(...mine), worstBaseline: Math.min(...bare) },
    };
    return Promise.resolve({ figures: [figure] });
  },
};

function check({ definition, ...kind }: Kind): void {
  let snapshot = initial({ definition, ...kind });
  for (const [event, state] of walk) {
    snapshot = step(definition, snapshot, event).next;
    if (stateOf(snapshot) !== state) throw new Error(`${event.type} leads to ${stateOf(snapshot)}, not to ${state}`);
  }
}

function ours(kind: Kind, count: number): void {
  for (let round = 0; round < count; round += 1) {
    let snapshot = initial(kind);
    for (const [event] of walk) snapshot = step(kind.definition, snapshot, event).next;
  }
}

function raw(count: number): void {
  for (let round = 0; round < count; round += 1) {
    let [snapshot] = initialTransition(diskPathMachine, { disk: '00001', index: 1 });
    for (const [event] of walk) [snapshot] = transition(diskPathMachine, snapshot, event as never);
  }
}

function perSecond(work: () => void): number {
  const startMs = performance.now();
  work();
  return Math.round((rounds * walk.length * 1000) / (performance.now() - startMs));
}
