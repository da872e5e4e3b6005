// Carries intents out: one lane after another per actor, bounded per kind of command, stopping before taking.
import { setMaxListeners } from 'node:events';
import { laneOf, type DomainEvent, type Intent, type Json } from '../../machines/intent.ts';
import { specOf } from '../core/definition.ts';
import type { Outcome } from '../ports/outcome.ts';
import type { Actor } from './actor.ts';
import { inEvent, withCommands } from './commands.ts';
import { Gate } from './gate.ts';

/** Facts that go into the answering event. */
export type Facts = Readonly<Record<string, Json>>;

export interface EffectCall {
  readonly actor: string;
  readonly intent: string;
  readonly signal: AbortSignal;
}

/** Turns one kind of intent into calls of a port. Never throws for an expected failure. */
export type Effect = (params: Readonly<Record<string, Json>>, call: EffectCall) => Promise<Outcome<Facts | null>>;
export type Effects = Readonly<Record<string, Effect>>;

export interface DispatcherParts {
  readonly effects: Effects;
  /** Commands that run at the same time, per kind (the first word of the intent's type). */
  readonly commandsPerKind: number;
  /** For how long each took. */
  monotonicMs(): number;
  /** False when the node must not start to serve: its lease is over. */
  mayServe(): boolean;
  post(actor: string, event: DomainEvent, settles: string): void;
  armTimer(actor: string, intent: string, name: string, ms: number): void;
  cancelTimer(actor: string, name: string): void;
  /** Our own mistake: an effect threw. */
  onBroken(intent: Intent, error: unknown): void;
}

/** As many as the connections that the Consul client opens for them. */
const lockRequestsMax = 48;

interface Running {
  readonly abort: AbortController | null;
  readonly ended: Promise<void>;
}

export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #lanes = new Map<string, Running>();
  readonly #gates = new Map<string, Gate>();
  /** The highest epoch that served anything, per actor: an older one must not serve again. */
  readonly #epochs = new Map<string, number>();
  /** Of commands that are let end. */
  readonly #neverAborted = new AbortController().signal;
  #inFlight = 0;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    setMaxListeners(0, this.#neverAborted);
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  dispatch(actor: Actor, id: string, intent: Intent): void {
    const spec = specOf(actor.kind.definition, intent.type);
    const { params } = intent;
    if (spec.answer.by === 'recipient') {
      const { to, ...fields } = params;
      this.#parts.post(String(to), { type: spec.answer.told, ...fields }, id);
    } else if (intent.type === 'timer.arm') {
      this.#parts.armTimer(actor.id, id, String(params['name']), Number(params['ms']));
    } else if (intent.type === 'timer.cancel') {
      this.#parts.cancelTimer(actor.id, String(params['name']));
    } else {
      this.#inLane(actor, id, intent);
    }
  }

  /** The actor is gone. A key that is made anew counts its epochs from the start. */
  forget(actor: string): void {
    this.#epochs.delete(actor);
  }

  /** The answer of an intent that was never carried out. */
  refuse(actor: Actor, id: string, intent: Intent, reason: string): void {
    this.#answer(actor, id, intent, { kind: 'refused', reason }, {});
  }

  /** The answer of an intent of the last daemon that this one does not carry out. */
  doubt(actor: Actor, id: string, intent: Intent, reason: string): void {
    this.#answer(actor, id, intent, { kind: 'unknown', reason }, {});
  }

  /** Ends every command that may be ended; resolves when all have. */
  async stop(): Promise<void> {
    for (const { abort } of this.#lanes.values()) abort?.abort();
    await Promise.all([...this.#lanes.values()].map(({ ended }) => ended));
  }

  #inLane(actor: Actor, id: string, intent: Intent): void {
    const spec = specOf(actor.kind.definition, intent.type);
    const lane = laneOf(spec, intent);
    if (lane === null) {
      void this.#carryOut(actor, id, intent, this.#neverAborted);
      return;
    }
    const abort = spec.abortable ? new AbortController() : null;
    const key = `${actor.id} ${lane}`;
    const before = this.#lanes.get(key);
    before?.abort?.abort();
    const carryOut = (): Promise<void> => this.#carryOut(actor, id, intent, abort?.signal ?? this.#neverAborted);
    const ended = (before?.ended ?? Promise.resolve()).then(carryOut);
    const running: Running = { abort, ended };
    this.#lanes.set(key, running);
    void ended.finally(() => {
      if (this.#lanes.get(key) === running) this.#lanes.delete(key);
    });
  }

  async #carryOut(actor: Actor, id: string, intent: Intent, signal: AbortSignal): Promise<void> {
    // Superseded while it waited for its lane: nothing was started, nobody waits for an answer.
    if (!actor.pending.has(id) && specOf(actor.kind.definition, intent.type).answer.by !== 'nobody') return;
    const { serves } = specOf(actor.kind.definition, intent.type);
    const release = await this.#gate(intent).enter(serves, signal);
    if (release === null) return;
    this.#inFlight += 1;
    try {
      const startedMs = this.#parts.monotonicMs();
      const { result, commands } = await withCommands(() => this.#run(actor, id, intent, signal, serves));
      const tookMs = Math.round(this.#parts.monotonicMs() - startedMs);
      const ran = commands.length === 0 ? {} : { commands: inEvent(commands) };
      this.#answer(actor, id, intent, result, { tookMs, ...ran });
    } finally {
      this.#inFlight -= 1;
      release();
    }
  }

  async #run(
    actor: Actor,
    id: string,
    intent: Intent,
    signal: AbortSignal,
    serves: boolean,
  ): Promise<Outcome<Facts | null>> {
    // A lock that is taken anew may belong to a key that was made anew.
    if (intent.type === 'lock.acquire') this.forget(actor.id);
    const effect = this.#parts.effects[intent.type];
    if (effect === undefined) return { kind: 'refused', reason: `this daemon cannot do ${intent.type}` };
    if (serves) {
      if (!this.#parts.mayServe()) return { kind: 'refused', reason: "the node's lease is over" };
      const stale = this.#staleEpoch(actor.id, intent);
      if (stale !== null) return { kind: 'refused', reason: stale, code: 'staleEpoch' };
    }
    try {
      return await effect(intent.params, { actor: actor.id, intent: id, signal });
    } catch (error) {
      this.#parts.onBroken(intent, error);
      return {
        kind: 'unknown',
        reason: `${intent.type} broke off: ${error instanceof Error ? error.message : String(error)}`,
      };
    }
  }

  #staleEpoch(actor: string, { params }: Intent): string | null {
    const { epoch } = params;
    if (typeof epoch !== 'number') return null;
    const highest = this.#epochs.get(actor) ?? 0;
    if (epoch < highest) return `its epoch ${String(epoch)} is older than ${String(highest)}`;
    this.#epochs.set(actor, epoch);
    return null;
  }

  /** `how` is for people: no machine reads it. */
  #answer(actor: Actor, id: string, intent: Intent, outcome: Outcome<Facts | null>, how: Facts): void {
    const { answer } = specOf(actor.kind.definition, intent.type);
    if (answer.by === 'nobody' || answer.by === 'clock') return;
    const type = answer.by === 'outcome' ? answer.done : answer.told;
    this.#parts.post(actor.id, { ...eventOf(type, intent.type, outcome), ...how }, id);
  }

  #gate(intent: Intent): Gate {
    // Announcing goes on for seconds and bounds itself: nothing that takes or stops may wait for it.
    const lasts = intent.type === 'address.announce';
    const kind = lasts ? intent.type : intent.type.slice(0, intent.type.indexOf('.'));
    const existing = this.#gates.get(kind);
    if (existing !== undefined) return existing;
    const { commandsPerKind } = this.#parts;
    // A request to Consul waits and costs the node nothing; a command is a process.
    const width = kind === 'lock' ? Math.max(commandsPerKind, lockRequestsMax) : commandsPerKind;
    const gate = new Gate(lasts ? Number.POSITIVE_INFINITY : width);
    this.#gates.set(kind, gate);
    return gate;
  }
}

function eventOf(doneType: string, intentType: string, outcome: Outcome<Facts | null>): DomainEvent {
  if (outcome.kind === 'done') return { type: doneType, ...outcome.value };
  if (outcome.kind === 'unknown') return { type: `${intentType}Unknown`, reason: outcome.reason } as DomainEvent;
  const { reason, code } = outcome;
  return { type: `${intentType}Refused`, reason, ...(code === undefined ? {} : { code }) } as DomainEvent;
}
