// The fault lab, in the order in which a run goes through it.
import type { Scenario } from '../scenario.ts';
import { cutOff } from './cut-off.ts';
import { cutFromAgent, cutFromConsul, cutFromInitiators } from './partition.ts';
import { pauseConsul, pauseConsulLeader } from './pause-consul.ts';
import { pauseDaemonFenced, pauseDaemonLong, pauseDaemonShort, pauseDaemonUnfenced } from './pause-daemon.ts';
import { pauseTarget } from './pause-tgtd.ts';
import { killStorm } from './storm.ts';

export const faults: readonly Scenario[] = [
  pauseDaemonShort, pauseDaemonLong, pauseDaemonFenced, pauseDaemonUnfenced, pauseTarget, pauseConsul,
  pauseConsulLeader, cutFromInitiators, cutFromConsul, cutFromAgent, cutOff, killStorm,
];
