// What must hold at the end of a run, after the calm.
import { memoryJournal } from '../../adapters/journal/memory.ts';
import type { Json } from '../../machines/intent.ts';
import { specOf } from '../../src/core/definition.ts';
import { sameJson } from '../../src/core/json.ts';
import { recover } from '../../src/core/recover.ts';
import { stateOf } from '../../src/core/state.ts';
import { persist } from '../../src/core/step.ts';
import type { Actor } from '../../src/daemon/actor.ts';
import type { Host, Hosts } from './host.ts';
import type { Parts } from './parts.ts';

export async function judgeEnd(parts: Parts, hosts: Hosts): Promise<void> {
  for (const { id } of parts.shape.disks.flatMap(({ paths }) => paths)) judgePath(parts, hosts, id);
  for (const host of hosts.values()) {
    judgeIntents(parts, host);
    await judgeJournal(parts, host);
  }
}

function judgePath(parts: Parts, hosts: Hosts, path: string): void {
  const { judge, shape, trace } = parts;
  if (judge.countWriters(path) === 1) return;
  const seen = [...hosts.values()].map((host) => `${host.name}: ${stateAt(host, `path/${path}`)}`);
  const what = `${path} is served by nobody ${String(shape.calmMs / 1_000)} s after the last fault. ${seen.join('; ')}`;
  for (const { key, value, session } of parts.store.state.kv.values()) {
    trace.note('kv', () => `${key} ${session} ${Buffer.from(value, 'base64').toString()}`);
  }
  for (const { name, running } of hosts.values()) {
    const seen = String(running?.daemon.view.index);
    trace.note(name, () => `sees Consul at index ${seen}, which is at ${String(parts.store.state.tableIndex.kv)}`);
  }
  judge.violate('a path is not served', what);
}

function stateAt(host: Host, id: string): string {
  const actor = host.running?.daemon.engine.registry.get(id);
  if (actor === undefined) return host.running === null ? 'no daemon' : 'no actor';
  const { trouble } = actor.snapshot.context as { trouble: string | null };
  return `${stateOf(actor.snapshot)}${trouble === null ? '' : ` (${trouble})`}`;
}

/** Timers may wait. All else was answered, or is in the hands of the dispatcher for less than a moment. */
function judgeIntents({ judge }: Parts, { name, running }: Host): void {
  for (const actor of running?.daemon.engine.registry.all() ?? []) {
    const waiting = [...actor.pending.values()].filter(({ type }) => type !== 'timer.arm');
    const lasting = waiting.filter(({ type }) => specOf(actor.kind.definition, type).answer.by !== 'nobody');
    if (lasting.length === 0 || !isAtRest(actor)) continue;
    const types = lasting.map(({ type }) => type).join(', ');
    const what = `${name}: ${actor.id} in ${stateOf(actor.snapshot)} waits for ${types}`;
    judge.violate('an intent never settled', what);
  }
}

const isAtRest = ({ snapshot }: Actor): boolean => snapshot.tags.has('settled') || snapshot.tags.has('idle');

/** The journal alone gives every actor as it is. */
async function judgeJournal({ judge }: Parts, { name, running }: Host): Promise<void> {
  if (running === null) return;
  const copy = memoryJournal({ image: { ...running.journal.image, holder: null } });
  try {
    const replayed = recover(await copy.open());
    for (const actor of running.daemon.engine.registry.all()) {
      if (actor.seq === 0) continue;
      const found = replayed.get(actor.id);
      const now = plain(persist(actor.kind.definition, actor.snapshot));
      const then = found === undefined ? null : plain(persist(found.kind.definition, found.snapshot));
      if (sameJson(now, then)) continue;
      judge.violate('the journal diverged', `${name}: replay gives another ${actor.id} than there is`);
    }
  } catch (error) {
    judge.violate('the journal diverged', `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const plain = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;
