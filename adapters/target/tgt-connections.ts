// Ends connections for good: the sockets, and the commands that came through them.
//
// What can be shown: tgtd keeps a session in its list until the last command of its connections has come back from
// the storage, also after the socket is gone. It does not say which portal a session came by. So, per initiator
// address, the sessions that tgtd lists are compared with the sockets that it still has open: a session without a
// socket has commands under way. What cannot be shown: an initiator that holds a second socket open without logging in
// hides one such session for as long as it does. Removing the target waits for all its sessions and has no such gap.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Portal } from '../../src/ports/dataplane.ts';
import { sameIp } from '../../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { failure, type Run } from '../run.ts';
import { readSockets } from '../ss.ts';
import type { TgtAdmin } from './tgt-admin.ts';
import type { TgtTarget } from './tgt-show.ts';

interface Cut {
  readonly admin: TgtAdmin;
  readonly run: Run;
  readonly portal: Portal;
  readonly left: () => CallOptions;
}

const pollMs = 10;

/** Destroys the sockets of a portal that no longer listens, then waits until their commands have ended. */
export async function cutConnections({ admin, run, portal, left }: Cut): Promise<Outcome> {
  let busy = 0;
  for (;;) {
    const open = await cutOnce(run, portal, left);
    const targets = await admin.targets(left());
    // Out of time while waiting: what was seen last says more than which command was cut short.
    if ((open.kind === 'unknown' || targets.kind === 'unknown') && busy > 0) {
      return unknown(stillBusy(busy, portal.iqn));
    }
    if (open.kind === 'refused' && open.code === 'open' && left().deadlineMs > pollMs) {
      await sleep(pollMs);
      continue;
    }
    if (open.kind !== 'done') return open;
    if (targets.kind !== 'done') return targets;
    busy = sessionsWithoutSocket(targets.value, portal.iqn, open.value);
    if (busy === 0) return done(null);
    if (left().deadlineMs <= pollMs) return unknown(stillBusy(busy, portal.iqn));
    await sleep(pollMs);
  }
}

const stillBusy = (sessions: number, iqn: string): string =>
  `${sessions} cut session(s) of ${iqn} still have commands under way`;

/** Ends every session of a target, whichever portal it came by, and waits until tgtd has forgotten them. */
export async function closeSessions(admin: TgtAdmin, iqn: string, left: () => CallOptions): Promise<Outcome> {
  let busy = 0;
  for (;;) {
    const targets = await admin.targets(left());
    if (targets.kind === 'unknown' && busy > 0) return unknown(`${busy} session(s) of ${iqn} have not ended`);
    if (targets.kind !== 'done') return targets;
    const target = targets.value.find((one) => one.iqn === iqn);
    if (target === undefined || target.sessions.length === 0) return done(null);
    for (const { session, connection } of target.connections.filter(({ peer }) => peer !== null)) {
      const argv = ['--mode', 'conn', '--op', 'delete', '--tid', String(target.id)];
      const closed = await admin.change([...argv, '--sid', String(session), '--cid', String(connection)], left());
      // It may just have ended by itself: the next look tells.
      if (closed.kind === 'unknown') return closed;
    }
    busy = target.sessions.length;
    if (left().deadlineMs <= pollMs) return unknown(`${busy} session(s) of ${iqn} have not ended`);
    await sleep(pollMs);
  }
}

/** Gives the sockets that are still open, those of other portals. */
async function cutOnce(run: Run, portal: Portal, left: () => CallOptions): Promise<Outcome<readonly Connection[]>> {
  const killed = await destroySockets(run, portal, left());
  if (killed.kind !== 'done') return killed;
  const sockets = await readSockets(run, held(portal.port), left());
  if (sockets.kind !== 'done' || sockets.value.every((one) => !sameIp(one.portal.ip, portal.ip))) return sockets;
  return refused(`connections to ${portal.ip} stay open: this kernel cannot destroy sockets`, 'open');
}

async function destroySockets(run: Run, portal: Portal, options: CallOptions): Promise<Outcome> {
  const source = portal.ip.includes(':') ? `[${portal.ip}]` : portal.ip;
  const filter = ['state', 'connected', 'src', source, 'sport', '=', `:${portal.port}`];
  const result = await run(['ss', '-K', '-H', '-t', '-n', ...filter], options);
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}

// Established or waiting for tgtd to close: the sockets that tgtd still holds.
const held = (port: number): string[] => ['state', 'established', 'state', 'close-wait', 'sport', '=', `:${port}`];

function sessionsWithoutSocket(targets: readonly TgtTarget[], iqn: string, sockets: readonly Connection[]): number {
  const target = targets.find((one) => one.iqn === iqn);
  if (target === undefined) return 0;
  const all = targets.flatMap(({ connections }) => connections);
  const peers = new Set(target.connections.map(({ peer }) => peer));
  const connected = new Set(target.connections.map(({ session }) => session));
  let without = target.connections.filter(({ peer }) => peer === null).length;
  without += target.sessions.filter((session) => !connected.has(session)).length;
  for (const peer of peers) {
    if (peer === null) continue;
    const listed = all.filter((one) => one.peer !== null && sameIp(one.peer, peer)).length;
    const open = sockets.filter((socket) => sameIp(socket.peer.ip, peer)).length;
    without += Math.max(0, listed - open);
  }
  return without;
}
