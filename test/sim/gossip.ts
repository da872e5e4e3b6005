// Gossip between the Consul agents: a host that cannot be heard is called dead a few seconds later.
import type { Parts } from './parts.ts';
import type { Powered } from './power.ts';
import type { Cancel } from './world.ts';

const noticeMs = 4_000;
const returnMs = 1_500;

export function gossipOf({ world, store, consul, trace }: Parts, host: Powered) {
  let cancel: Cancel | null = null;
  let isAlive = true;
  const faults = { silent: 0, lies: 0 };
  const isHeard = (): boolean => host.isOn && host.frozen === 0 && faults.silent === 0 && faults.lies === 0;
  const decide = (): void => {
    cancel = null;
    if (isHeard() === isAlive) return;
    // Nobody can write it down.
    if (!consul.hasLeader) {
      cancel = world.after(500, decide);
      return;
    }
    isAlive = !isAlive;
    trace.note('gsp', () => `${host.name} is called ${isAlive ? 'alive' : 'dead'}`);
    store.setNodeAlive(host.name, isAlive);
  };
  return {
    faults,
    changed(): void {
      cancel?.();
      cancel = null;
      if (isHeard() !== isAlive) cancel = world.after(faults.lies > 0 ? 0 : isAlive ? noticeMs : returnMs, decide);
    },
  };
}
