// The other nodes, asked directly several times a second: who falls silent, and may this node go on without Consul?
import type { DomainEvent } from '../../machines/intent.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import type { Snapshot } from '../core/definition.ts';
import { maintenanceOver } from '../core/maintenance.ts';
import { livingPeers, missedByMajority, objectionTo, type LivingPeer } from '../core/peers.ts';
import { rendezvous } from '../core/placement.ts';
import { actorIds } from '../core/records.ts';
import { stateOf, tagsOf } from '../core/state.ts';
import type { ClusterView } from '../core/view.ts';
import type { Cause } from '../ports/journal.ts';
import type { PeerQuestion, PeersPort, PeerStatement } from '../ports/peers.ts';
import { Failsafe } from './failsafe.ts';
import { HeardPeers } from './heard.ts';
import type { PeersParts } from './peers-parts.ts';
import type { DaemonSettings } from './settings.ts';
import { withdrawAddress } from './withdraw.ts';

interface Given extends Omit<PeersParts, 'settings' | 'port'> {
  readonly settings: DaemonSettings;
  readonly peers?: PeersPort;
}

/** Null: other daemons are not asked directly. */
export function peersOf(parts: Given): Peers | null {
  const { settings: { peers, ...settings }, peers: port } = parts;
  if (peers === undefined || port === undefined) return null;
  return new Peers({ ...parts, settings: { ...settings, peers }, port });
}

/** A record that was not written is written again after this. */
const askAgainMs = 500;
/** A stop does not wait for Consul longer than this. */
const withdrawMs = 500;
const cause: Cause = { kind: 'local', what: 'peers' };

export class Peers {
  readonly failsafe: Failsafe;
  rounds = 0;
  readonly #parts: PeersParts;
  readonly #heard: HeardPeers;
  /** What was said, and when it may be said again. */
  readonly #said = new Map<string, number>();
  /** Who lived in the view that was looked at last: most questions come while nothing has changed. */
  #lived: { readonly view: ClusterView; readonly peers: readonly LivingPeer[] } | null = null;

  constructor(parts: PeersParts) {
    const { everyMs, missedMs } = parts.settings.peers;
    this.#parts = parts;
    // Long enough for a busy loop, and so short that what is not noticed as a pause makes nobody look silent.
    this.#heard = new HeardPeers(Math.min(2 * everyMs, missedMs / 2));
    this.failsafe = new Failsafe(parts);
  }

  start(): void {
    this.#parts.port.answerWith((question) => this.#answer(question));
    this.#turn();
  }

  /** `keep`: the next daemon goes on soon, and nobody shall miss this one meanwhile. */
  async stop(how: 'keep' | 'drain'): Promise<void> {
    const { cluster, port, settings: { node } } = this.#parts;
    const session = this.#session;
    const options = { deadlineMs: withdrawMs };
    if (how === 'keep' && session !== null) await withdrawAddress({ cluster, node, session, options });
    await port.stop();
  }

  /** Milliseconds since that node answered last; null when it never did in its present incarnation. */
  heardMs(node: string): number | null {
    const peer = this.#living().find((each) => each.node === node);
    return peer === undefined ? null : this.#heard.ageMs(peer, this.#parts.clock.monotonicMs());
  }

  /** Consul counts as reached for this long after a contact: one renewal and a half. */
  get #contactMs(): number {
    return this.#parts.settings.session.renewEveryMs * 1.5;
  }

  get #node(): Snapshot {
    return this.#parts.registry.ensure(actorIds.node).snapshot;
  }

  get #session(): string | null {
    return (this.#node.context as NodeContext).session;
  }

  #living(): readonly LivingPeer[] {
    const view = this.#parts.view();
    if (view === null) return [];
    if (this.#lived?.view !== view) this.#lived = { view, peers: livingPeers(view, this.#parts.settings.node) };
    return this.#lived.peers;
  }

  #answer({ node, session, failsafe }: PeerQuestion): PeerStatement {
    const { clock, settings, registry } = this.#parts;
    const exclusionState = (actor: string): string | null => {
      const found = registry.get(actor);
      return found === undefined ? null : stateOf(found.snapshot);
    };
    const nowMs = clock.monotonicMs();
    this.#heard.awake(nowMs);
    const consulAgeMs = this.#parts.consulAgeMs();
    const witness = { view: this.#parts.view(), consulAgeMs, contactMs: this.#contactMs, exclusionState };
    const objection = (): string | null =>
      session === null ? 'it asks without a session' : objectionTo({ node, session }, witness);
    return {
      node: settings.node,
      session: this.#session,
      consulAgeMs,
      missed: this.#heard.missed(this.#living(), nowMs, settings.peers.missedMs / 2),
      objection: failsafe ? objection() : null,
    };
  }

  #turn(): void {
    this.#parts.after(this.#parts.settings.peers.everyMs, () => this.#turn());
    const session = this.#session;
    if (!tagsOf(this.#node).includes('leased') || session === null) {
      this.#heard.forget();
      return this.failsafe.end();
    }
    this.#heard.awake(this.#parts.clock.monotonicMs());
    this.rounds += 1;
    const living = this.#living();
    // Who was away in order begins anew: it is missed by nobody who has not heard it since.
    this.#heard.keepOnly(living.filter(({ address }) => address !== null));
    this.failsafe.look(session, living);
    this.#ask(session, living);
    this.#judge(living);
    this.#publishAsked(session, living);
  }

  #ask(session: string, living: readonly LivingPeer[]): void {
    const { clock, port, settings } = this.#parts;
    const failsafe = this.failsafe.isWanted;
    const sentAtMs = clock.monotonicMs();
    const question = { node: settings.node, session, failsafe };
    const answers = living.map(async (peer) => {
      if (peer.address === null) return { peer, statement: null };
      const target = { node: peer.node, address: peer.address };
      const outcome = await port.ask(target, question, { deadlineMs: settings.peers.missedMs });
      const statement = outcome.kind === 'done' ? outcome.value : null;
      this.#heard.awake(clock.monotonicMs());
      if (statement !== null) {
        this.#heard.note(peer, sentAtMs, statement);
        // Not at the next turn: what others say of a dead node is newest now.
        this.#judge(living);
      }
      return { peer, statement };
    });
    if (failsafe) void Promise.all(answers).then((round) => this.failsafe.count(session, sentAtMs, round));
  }

  /** Only a node that reads Consul now judges: what it does not see there, it cannot say of anybody. */
  #judge(living: readonly LivingPeer[]): void {
    const { settings: { peers, node }, clock, tell } = this.#parts;
    if (!peers.exclude || (this.#parts.consulAgeMs() ?? Infinity) >= this.#contactMs) return;
    const nowMs = clock.monotonicMs();
    const asked = living.filter(({ address }) => address !== null);
    const own = this.#heard.missed(asked, nowMs, peers.missedMs);
    // Nobody is ended by a node that hears it, and almost always all are heard.
    if (Object.keys(own).length === 0) return;
    const view = this.#parts.view();
    const isMaintained = (name: string): boolean => view !== null && maintenanceOver(view, name) !== null;
    const missed = new Map([[node, own]]);
    for (const peer of asked) {
      const statement = this.#heard.fresh(peer, nowMs, peers.missedMs / 2);
      if (statement !== null) missed.set(peer.node, statement.missed);
    }
    const voters = [node, ...asked.map((peer) => peer.node)];
    for (const { node: silent, by } of missedByMajority({ self: node, voters, missed, missedMs: peers.missedMs })) {
      const session = asked.find((peer) => peer.node === silent)?.session ?? '';
      const ageMs = own[silent] ?? 0;
      // One acts; when it does not, the next one does a little later. It asks in every round: while Consul elects a
      // leader each question waits for a time drawn by lot, and the first answer counts.
      const turnMs = peers.missedMs + rendezvous(session, by).indexOf(node) * 2 * peers.everyMs;
      if (ageMs < turnMs || isMaintained(silent) || !this.#isTime(`missed ${session}`, nowMs, peers.everyMs)) continue;
      const event = { type: 'peer.missed', node: silent, session, by: by.toSorted(), missedMs: Math.round(ageMs) };
      tell(actorIds.node, event, cause);
    }
  }

  /** Who may count on our own deadline has to know whether we ask it: it is written down before the next outage. */
  #publishAsked(session: string, living: readonly LivingPeer[]): void {
    const { settings, clock, tell } = this.#parts;
    const own = this.#parts.view()?.nodes.get(settings.node);
    if (!settings.peers.failsafe || own?.session !== session) return;
    const written = new Set(own.record.asks);
    const unwritten = living.filter((peer) => !written.has(peer.session)).map((peer) => peer.session);
    if (own.record.asks !== undefined && unwritten.length === 0) return;
    if (!this.#isTime(`asks ${unwritten.join(' ')}`, clock.monotonicMs(), askAgainMs)) return;
    tell(actorIds.node, { type: 'peers.joined', sessions: unwritten } as DomainEvent, cause);
  }

  #isTime(what: string, nowMs: number, againMs: number): boolean {
    for (const [said, againAtMs] of this.#said) if (nowMs >= againAtMs) this.#said.delete(said);
    if (this.#said.has(what)) return false;
    this.#said.set(what, nowMs + againMs);
    return true;
  }
}
