// The memory twin of the peers' network: one object that all nodes join, and a hook that loses and delays.
import type { Clock } from '../../src/ports/clock.ts';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';
import type { PeerQuestion, PeersPort, PeerStatement } from '../../src/ports/peers.ts';

/** One message on its way; the answer goes the other way than its question. */
export interface PeerMessage {
  readonly from: string;
  readonly to: string;
  readonly kind: 'question' | 'answer';
}

interface MemberSettings {
  readonly node: string;
  /** Others ask it here. Who joins later at the same address takes the place of the one before. */
  readonly address: string;
  /** The clock of its process. The network's when left out. */
  readonly clock?: Clock;
  /** Hands a message to its process, which may stand still or be gone. By its clock when left out. */
  readonly deliver?: (arrive: () => void) => void;
  /** Nodes with another key do not understand each other. */
  readonly key?: string;
}

export interface MemoryPeerNetwork {
  join(settings: MemberSettings): PeersPort;
}

interface NetworkSettings {
  readonly clock: Clock;
  /** Milliseconds until the message arrives, or null: it is lost. At once when left out. */
  readonly carry?: (message: PeerMessage) => number | null;
}

interface Member {
  readonly node: string;
  readonly key: string;
  readonly clock: Clock;
  readonly deliver: (arrive: () => void) => void;
  answer: ((question: PeerQuestion) => PeerStatement) | null;
}

export function memoryPeerNetwork({ clock, carry = () => 0 }: NetworkSettings): MemoryPeerNetwork {
  const members = new Map<string, Member>();
  const send = (message: PeerMessage, receiver: Member, arrive: () => void): void => {
    const ms = carry(message);
    if (ms === null) return;
    if (ms === 0) receiver.deliver(arrive);
    else clock.after(ms, () => receiver.deliver(arrive));
  };
  return {
    join({ node, address, clock: own = clock, key = 'one key', deliver = (arrive) => void own.after(0, arrive) }) {
      const member: Member = { node, key, clock: own, deliver, answer: null };
      members.set(address, member);
      return memberPort(member, { address, members, send });
    },
  };
}

interface Place {
  readonly address: string;
  readonly members: Map<string, Member>;
  readonly send: (message: PeerMessage, receiver: Member, arrive: () => void) => void;
}

function memberPort(member: Member, { address, members, send }: Place): PeersPort {
  const waiting = new Set<(outcome: Outcome<PeerStatement>) => void>();
  let stopped = false;
  return {
    ask(peer, question, { deadlineMs, signal }) {
      if (stopped) return Promise.resolve(unknown('this node has stopped'));
      if (signal?.aborted === true) return Promise.resolve(unknown('called off before it started'));
      const { promise, resolve } = Promise.withResolvers<Outcome<PeerStatement>>();
      let cancel = (): void => {};
      const settle = (outcome: Outcome<PeerStatement>): void => {
        waiting.delete(settle);
        cancel();
        signal?.removeEventListener('abort', callOff);
        resolve(outcome);
      };
      const callOff = (): void => settle(unknown('called off'));
      waiting.add(settle);
      signal?.addEventListener('abort', callOff, { once: true });
      const other = members.get(peer.address);
      if (other !== undefined) {
        send({ from: member.node, to: other.node, kind: 'question' }, other, () => {
          // Whoever left meanwhile, has another key or is not the one that was asked says nothing.
          if (members.get(peer.address) !== other || other.node !== peer.node || other.key !== member.key) return;
          if (other.answer === null || other.node === member.node) return;
          const said = other.answer({ ...question, node: member.node });
          const statement = { ...said, missed: { ...said.missed }, node: other.node };
          send({ from: other.node, to: member.node, kind: 'answer' }, member, () => {
            if (waiting.has(settle)) settle(done(statement));
          });
        });
      }
      // Most answers are there by now.
      if (waiting.has(settle)) {
        cancel = member.clock.after(deadlineMs, () => settle(unknown(`no answer from ${peer.node} in time`)));
      }
      return promise;
    },
    answerWith(answer) {
      member.answer = answer;
    },
    async stop() {
      stopped = true;
      if (members.get(address) === member) members.delete(address);
      for (const settle of waiting) settle(unknown('this node has stopped'));
    },
  };
}
