// The memory twin of the target.
import type { TargetPort } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';
import type { Guard } from '../memory-faults.ts';
import { type MemoryHost, portalKey } from '../memory-host.ts';
import { conflictAmong, sightOf } from './definition.ts';

export function memoryTarget(host: MemoryHost, guard: Guard): TargetPort {
  return {
    ensureDefined: (spec, options) =>
      guard('target.ensureDefined', options, () => {
        const conflict = conflictAmong(spec, host.targets.values());
        if (conflict !== null) return refused(conflict);
        host.targets.set(spec.iqn, spec);
        return done(null);
      }),
    ensureRemoved: ({ iqn }, options) =>
      guard('target.ensureRemoved', options, () => {
        host.targets.delete(iqn);
        return done(null);
      }),
    ensureOpen: (portal, options) =>
      guard('target.ensureOpen', options, () => {
        if (!host.targets.has(portal.iqn)) return refused(`target ${portal.iqn} is not defined`, 'undefined');
        if (!host.addresses.has(portal.ip)) return refused(`address ${portal.ip} is not on this node`);
        const other = host.portals.get(portalKey(portal));
        if (other !== undefined && other !== portal.iqn) return refused(`portal ${portal.ip} is open for ${other}`);
        host.portals.set(portalKey(portal), portal.iqn);
        return done(null);
      }),
    ensureClosed: (portal, options) =>
      guard('target.ensureClosed', options, () => {
        host.portals.delete(portalKey(portal));
        return done(null);
      }),
    observe: (options) =>
      guard('target.observe', options, () =>
        done({
          targets: [...host.targets.values()].map((spec) => sightOf(spec, 0)),
          portals: [...host.portals.keys()].map(parsePortal),
        }),
      ),
  };
}

function parsePortal(key: string): { ip: string; port: number } {
  const [ip = '', port] = key.split(' ');
  return { ip, port: Number(port) };
}
