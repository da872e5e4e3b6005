// For data planes without a packet filter: initiators then see errors instead of silence for a moment.
import type { TrafficPort } from '../../src/ports/dataplane.ts';
import { done } from '../../src/ports/outcome.ts';

export function noTraffic(): TrafficPort {
  return {
    ensureBlocked: async () => done(null),
    ensureUnblocked: async () => done(null),
    observe: async () => done([]),
  };
}
