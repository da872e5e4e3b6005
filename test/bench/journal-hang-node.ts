// The one node and its disks around which the journal's disk hangs.
import type { DiskSpec } from '../../src/core/records.ts';
import type { DaemonSettings } from '../../src/daemon/settings.ts';

const node = 'n1';

export const hangSettings: DaemonSettings = {
  node, instance: 'instance', bootId: 'boot', place: 'place', version: '0', standstillMs: 30_000,
  roles: ['gateway'], inspector: `http://${node}`, portalPort: 3260,
  session: { ttlMs: 15_000, lockDelayMs: 0, nodeHealth: true, marginMs: 3_000, renewEveryMs: 3_000 },
  methods: [{ method: 'self', waitMs: 300 }], fenceDeadlinesMs: [0],
  rankDelayMs: 250, commandsPerKind: 8, mailboxEvents: 10_000,
  deadlines: { attachMs: 5_000, targetMs: 5_000, addressMs: 2_000, consulMs: 1_000 },
  announceAtMs: [0, 200], duplicateProbeMs: 0, observeEveryMs: 5_000,
};

/** A disk with one path, as the key and the value that an operator writes. */
export function hangSpec(disk: number): { readonly ip: string; readonly key: string; readonly value: string } {
  const id = String(disk + 1).padStart(5, '0');
  const ip = `10.0.${String(Math.floor(disk / 250))}.${String((disk % 250) + 1)}`;
  const spec: DiskSpec = {
    desired: 'started', iqn: `iqn.2026-01.net.example:${id}`, wwn: `6001405${id.padStart(9, '0')}`,
    backstore: { kind: 'memory' }, access: { initiators: [] },
    paths: [{ index: 1, ip, prefix: 16, interface: 'eth1' }],
  };
  return { ip, key: `disks/${id}`, value: JSON.stringify(spec) };
}
