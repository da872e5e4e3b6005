// The memory twin of fencing: takes the host's power and says so.
import type { FencePort } from '../../src/ports/dataplane.ts';
import { done } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryNetwork } from '../memory-host.ts';

export function memoryFence(network: MemoryNetwork, guard: Guard): FencePort {
  return {
    fence: ({ node }, options) =>
      guard('fence.fence', options, () => {
        network.crash(node);
        return done({ evidence: `${node} is off` });
      }),
  };
}
