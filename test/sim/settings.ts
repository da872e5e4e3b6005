// What each daemon is configured with.
import type { DaemonSettings } from '../../src/daemon/settings.ts';
import { portalPort } from './judge.ts';
import { peerAddress } from './peers.ts';
import { refuses, times, type Shape } from './shape.ts';

export function settingsOf(shape: Shape, node: string, boot: number): DaemonSettings {
  return {
    node,
    instance: `instance of ${node}`,
    bootId: `boot ${String(boot)} of ${node}`,
    place: `boot ${String(boot)} of ${node}`,
    version: '0',
    ...(shape.watchdogMs === null ? {} : { standstillMs: times.standstillMs }),
    roles: ['gateway'],
    inspector: `http://${node}`,
    portalPort,
    session: {
      ttlMs: times.ttlMs, lockDelayMs: shape.lockDelayMs, nodeHealth: shape.nodeHealth, marginMs: times.marginMs,
      renewEveryMs: times.renewEveryMs,
    },
    ...(shape.peers === null ? {} : { peers: { ...shape.peers, address: peerAddress(node) } }),
    methods: shape.methods,
    fenceDeadlinesMs: shape.methods.map(() => times.fenceMs),
    ...(refuses(shape) ? { storageFence: { deadlineMs: 2_000, lookEveryMs: times.lookEveryMs } } : {}),
    rankDelayMs: 250,
    commandsPerKind: 8,
    mailboxEvents: 10_000,
    deadlines: { attachMs: 3_000, targetMs: 2_000, addressMs: 1_000, consulMs: 1_000 },
    announceAtMs: [0, 200],
    duplicateProbeMs: shape.probeMs,
    observeEveryMs: shape.observeEveryMs,
  };
}
