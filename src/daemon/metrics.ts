// What the daemon counts, for Prometheus.
import { maintenanceOf } from '../core/maintenance.ts';
import { stateOf } from '../core/state.ts';
import type { Metric } from '../ports/inspector.ts';
import type { Daemon } from './daemon.ts';

type Sample = Metric['samples'][number];

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];
const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  help,
  type: 'gauge',
  samples,
});
const counter = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'counter',
  samples: one(value),
});

export function metricsOf(daemon: Daemon): readonly Metric[] {
  const { engine, lease, view } = daemon;
  const { records, rejected, dispatched } = engine.counts;
  const aside = engine.setAside === null ? 0 : 1;
  const usedBytes = engine.retention.usedBytes ?? 0;
  return [
    gauge('pathwarden_paths', 'Path actors on this node by state', countStates(daemon)),
    gauge('pathwarden_paths_serving', 'Paths that this node serves', one(servingPaths(daemon))),
    gauge(
      'pathwarden_actors_needing_operator',
      'Actors that wait for a person',
      one(countTag(daemon, 'needsOperator', '')),
    ),
    gauge(
      'pathwarden_nodes_alive',
      'Nodes whose session lives',
      one([...view.nodes.values()].filter(({ session }) => session !== null).length),
    ),
    gauge('pathwarden_maintenance', '1 in maintenance: of the whole cluster, or of this node', maintenance(daemon)),
    gauge(
      'pathwarden_lease_remaining_seconds',
      'Time that this node may still serve without contact',
      one(lease.remainingMs / 1000),
    ),
    gauge(
      'pathwarden_consul_read_age_seconds',
      'Time since Consul was last read well',
      one((daemon.viewAgeMs ?? 0) / 1000),
    ),
    ...peerMetrics(daemon),
    gauge('pathwarden_consul_index', 'Consul index of the view', one(view.index)),
    gauge('pathwarden_consul_problem_keys', 'Keys that cannot be understood', one(view.problems.length)),
    gauge('pathwarden_mailbox_events', 'Events that wait to be committed', one(engine.waiting)),
    gauge('pathwarden_commands_running', 'Commands that run now', one(engine.inFlight)),
    gauge('pathwarden_journal_healthy', '1 while the journal can be written', one(engine.scribe.isHealthy ? 1 : 0)),
    gauge('pathwarden_journal_unwritten_records', 'Records that are not durable yet', one(engine.scribe.unwritten)),
    gauge('pathwarden_journal_set_aside', '1 when a damaged journal was set aside at this start', one(aside)),
    gauge('pathwarden_journal_used_bytes', 'What records and snapshots take, once a minute', one(usedBytes)),
    counter('pathwarden_records_total', 'Records committed since the start', records),
    counter('pathwarden_rejected_events_total', 'Events rejected since the start', rejected),
    counter('pathwarden_dispatched_intents_total', 'Intents carried out since the start', dispatched),
  ];
}

function maintenance({ view, settings }: Daemon): readonly Sample[] {
  const sample = (of: string, node: string | null): Sample =>
    ({ labels: { of }, value: maintenanceOf(view, node) === null ? 0 : 1 });
  return [sample('cluster', null), sample('node', settings.node)];
}

function peerMetrics({ peers, view }: Daemon): readonly Metric[] {
  if (peers === null) return [];
  const heard = [...view.nodes.keys()].flatMap((node): readonly Sample[] => {
    const ms = peers.heardMs(node);
    return ms === null ? [] : [{ labels: { node }, value: ms / 1000 }];
  });
  return [
    gauge('pathwarden_peer_heard_seconds', 'Time since another node answered directly', heard),
    gauge('pathwarden_failsafe', '1 while this node serves on the word of its peers', one(peers.failsafe.isOn ? 1 : 0)),
    counter('pathwarden_peer_rounds_total', 'Times that all peers were asked since the start', peers.rounds),
  ];
}

function countStates({ engine }: Daemon): readonly Sample[] {
  const counts = new Map<string, number>();
  for (const { id, snapshot } of engine.registry.all()) {
    if (!id.startsWith('path/')) continue;
    const [top = ''] = stateOf(snapshot).split('.', 1);
    counts.set(top, (counts.get(top) ?? 0) + 1);
  }
  return [...counts].map(([state, value]) => ({ labels: { state }, value }));
}

/** How many paths this node serves. */
export const servingPaths = (daemon: Daemon): number => countTag(daemon, 'serving', 'path/');

function countTag({ engine }: Daemon, tag: string, prefix: string): number {
  let count = 0;
  for (const { id, snapshot } of engine.registry.all()) if (id.startsWith(prefix) && snapshot.tags.has(tag)) count += 1;
  return count;
}
