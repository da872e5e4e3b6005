// The fault lab, in the order in which a run goes through it: what needs the same settings stands together.
import type { Scenario } from '../scenario.ts';
import { cutOff } from './cut-off.ts';
import { heartbeatsKillHost, heartbeatsKillLeaderHost } from './heartbeats.ts';
import { maintenance } from './maintenance.ts';
import { cutFromAgent, cutFromConsul, cutFromInitiators, cutFromPeers, cutOneFromAnother } from './partition.ts';
import { pauseConsul, pauseConsulLeader } from './pause-consul.ts';
import { pauseDaemonFenced, pauseDaemonLong, pauseDaemonShort, pauseDaemonUnfenced } from './pause-daemon.ts';
import { pauseTarget } from './pause-tgtd.ts';
import { quorumLost } from './quorum.ts';
import { killStorm, killStormHeartbeats } from './storm.ts';

export const faults: readonly Scenario[] = [
  pauseDaemonShort, pauseDaemonLong, killStorm, pauseDaemonFenced, pauseDaemonUnfenced, pauseTarget, pauseConsul,
  pauseConsulLeader, maintenance, cutOneFromAnother, cutFromPeers, cutFromInitiators, cutFromConsul, cutFromAgent,
  cutOff, killStormHeartbeats, quorumLost, heartbeatsKillHost, heartbeatsKillLeaderHost,
];
