// The memory twin of the addresses: hosts see each other's through their network.
import type { Address, AddressPort } from '../../src/ports/dataplane.ts';
import { vlanOf } from '../../src/ports/interface-name.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import type { MemoryHost, MemoryNetwork } from '../memory-host.ts';

export function memoryAddress(host: MemoryHost, network: MemoryNetwork, guard: Guard): AddressPort {
  return {
    probe: (address, _waitMs, options) =>
      guard('address.probe', options, () => {
        makeVlan(host, address);
        return done({ answeredBy: network.whoHas(address.ip, host.node) });
      }),
    ensureAdded: (address, options) =>
      guard('address.ensureAdded', options, () => {
        const present = host.addresses.get(address.ip);
        if (present !== undefined && (present.interface !== address.interface || present.prefix !== address.prefix)) {
          return refused(`${address.ip} is on ${present.interface} as /${present.prefix}`);
        }
        makeVlan(host, address);
        host.addresses.set(address.ip, address);
        return done(null);
      }),
    ensureRemoved: (address, options) =>
      guard('address.ensureRemoved', options, () => {
        const present = host.addresses.get(address.ip);
        if (present?.interface === address.interface && present.prefix === address.prefix) {
          host.addresses.delete(address.ip);
        }
        const users = host.vlans.get(address.interface);
        users?.delete(address.ip);
        if (users?.size === 0) host.vlans.delete(address.interface);
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

function makeVlan({ vlans }: MemoryHost, { ip, interface: name }: Address): void {
  if (vlanOf(name) !== null) vlans.set(name, (vlans.get(name) ?? new Set()).add(ip));
}
