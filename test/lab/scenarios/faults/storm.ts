// Processes are killed at random for a while, and started again as systemd does it.
import { now, sleep } from '../../clock.ts';
import type { Gateway } from '../../gateway.ts';
import type { Lab } from '../../lab.ts';
import { mendUntilWhole, restart } from '../../mend.ts';
import { keep, type Report, sum } from '../../report.ts';
import type { Scenario } from '../scenario.ts';

/** As `RestartSec` of the units. */
const restartMs = 1000;
const bootMs = 3000;
const seed = 1;

export const killStorm: Scenario = {
  name: 'kill-storm',
  what: 'daemons, targets and Consul agents of random hosts are killed, one after the other, and started again',
  settings: { peers: { exclude: false } },
  run: (lab, report) => storm(lab, report, 'killStorm'),
};

export const killStormHeartbeats: Scenario = {
  name: 'kill-storm-heartbeats',
  what: 'the same with heartbeats: a daemon that is killed is missed before it is back',
  run: (lab, report) => storm(lab, report, 'killStormHeartbeats'),
};

async function storm(lab: Lab, report: Report, name: string): Promise<void> {
  const until = now() + (lab.quick ? 30_000 : 120_000);
  const [struck, ...fenced] = await Promise.all([
    strike(lab, until), ...lab.gateways.map((gateway) => supervise(lab, gateway, until)),
  ]);
  keep(report, `${name}Kills`, struck);
  keep(report, `${name}FencedHosts`, sum(fenced));
  const over = now();
  await mendUntilWhole(lab);
  keep(report, `${name}WholeAgainMs`, now() - over);
  await sleep(2000);
}

/** Gives how many were killed. */
async function strike(lab: Lab, until: number): Promise<number> {
  const draw = random(seed);
  let kills = 0;
  while (now() < until) {
    await sleep(500 + draw() * 2500);
    const gateway = lab.gateways[Math.floor(draw() * lab.gateways.length)];
    const part = [gateway, lab.targets, lab.consul][Math.floor(draw() * 3)];
    if (gateway === undefined || part === undefined || !gateway.host.powered) continue;
    await part.kill(gateway.host);
    kills += 1;
  }
  return kills;
}

/** The host's systemd, and its power button. Gives how often the host had been switched off. */
async function supervise(lab: Lab, gateway: Gateway, until: number): Promise<number> {
  let fenced = 0;
  while (now() < until) {
    const { name, powered } = gateway.host;
    await sleep(powered ? restartMs : bootMs);
    if (!gateway.host.powered) fenced += 1;
    // It may be struck, or lose its power, while something starts: the next turn starts the rest.
    await (gateway.host.powered ? restart(lab, gateway) : lab.boot(name)).catch(() => {});
  }
  return fenced;
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
function random(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
