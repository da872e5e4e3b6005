// All scenarios, in the order in which a run goes through them: from gentle to rough.
import { byHand, reinstall } from './adoption.ts';
import { killConsulLeader } from './consul-leader.ts';
import { drainSiblings } from './drain-siblings.ts';
import { drain, stopDrain } from './drain.ts';
import { killHost, killLeaderHost } from './host.ts';
import { cutLink, cutLinkUnfenced } from './link.ts';
import { release } from './release.ts';
import { killDaemon, restart } from './restart.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [
  release, restart, killDaemon, reinstall, byHand, drain, drainSiblings, stopDrain, killHost, killLeaderHost, cutLink,
  cutLinkUnfenced, killConsulLeader,
];
