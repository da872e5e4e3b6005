// The memory twin of the packet filter.
import { isIP } from 'node:net';
import type { TrafficPort } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryHost } from '../memory-host.ts';

export function memoryTraffic(host: MemoryHost, guard: Guard): TrafficPort {
  return {
    ensureBlocked: (ip, options, except) =>
      guard('traffic.ensureBlocked', options, () => {
        if (isIP(ip) === 0) return refused(`${ip} is not an IP address`);
        host.blocked.set(ip, except ?? 'nothing');
        return done(null);
      }),
    ensureUnblocked: (ip, options) =>
      guard('traffic.ensureUnblocked', options, () => {
        if (isIP(ip) === 0) return refused(`${ip} is not an IP address`);
        host.blocked.delete(ip);
        return done(null);
      }),
    observe: async () => done([...host.blocked.keys()]),
  };
}
