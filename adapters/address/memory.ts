// The memory twin of the addresses: hosts see each other's through their network.
import type { AddressPort } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryHost, MemoryNetwork } from '../memory-host.ts';

export function memoryAddress(host: MemoryHost, network: MemoryNetwork, guard: Guard): AddressPort {
  return {
    probe: (address, _waitMs, options) =>
      guard('address.probe', options, () => done({ answeredBy: network.whoHas(address.ip, host.node) })),
    ensureAdded: (address, options) =>
      guard('address.ensureAdded', options, () => {
        const present = host.addresses.get(address.ip);
        if (present !== undefined && (present.interface !== address.interface || present.prefix !== address.prefix)) {
          return refused(`${address.ip} is on ${present.interface} as /${present.prefix}`);
        }
        host.addresses.set(address.ip, address);
        return done(null);
      }),
    ensureRemoved: (address, options) =>
      guard('address.ensureRemoved', options, () => {
        const present = host.addresses.get(address.ip);
        if (present?.interface === address.interface && present.prefix === address.prefix) {
          host.addresses.delete(address.ip);
        }
        return done(null);
      }),
    observe: (options) => guard('address.observe', options, () => done([...host.addresses.values()])),
    announce: (address, options) =>
      guard('address.announce', options, () => {
        if (!host.addresses.has(address.ip)) return refused(`${address.ip} is not on ${address.interface}`);
        host.announced.push(address.ip);
        return done(null);
      }),
  };
}
