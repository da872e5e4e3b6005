// After a fault: whatever a scenario cut, stopped or killed is put back, as an operator and systemd would.
import { until } from './clock.ts';
import type { Gateway } from './gateway.ts';
import type { Lab } from './lab.ts';

const wholeMs = 90_000;

/** Every host is up, Consul is whole, every daemon ready, every path served. */
export async function mendUntilWhole(lab: Lab): Promise<void> {
  await until('the cluster is whole again', wholeMs, async () => {
    // Also again and again: a fence that was asked for before may still switch a host off.
    await mend(lab);
    return isWhole(lab);
  }, 250);
}

export async function mend(lab: Lab): Promise<void> {
  lab.power.restore();
  // A host is not built anew while it is being taken down.
  await until('the power switch is done', 15_000, () => lab.power.idle);
  await lab.partitions.heal();
  for (const gateway of lab.gateways) await mendHost(lab, gateway);
}

async function mendHost(lab: Lab, gateway: Gateway): Promise<void> {
  const { host } = gateway;
  if (!host.powered) {
    await lab.boot(host.name);
    return;
  }
  await lab.network.heal(host);
  for (const part of [lab.consul, lab.targets]) part.resume(host);
  gateway.resume();
  await restart(lab, gateway);
}

/** What was killed starts anew. A daemon that ended by itself is left as it is: that is for somebody to look at. */
export async function restart(lab: Lab, gateway: Gateway): Promise<void> {
  const { host } = gateway;
  if (!lab.consul.isRunning(host)) lab.consul.start(host);
  if (!lab.targets.isRunning(host)) await lab.targets.start(host);
  if (gateway.wasKilled()) gateway.start();
}

async function isWhole(lab: Lab): Promise<boolean> {
  if (!(await lab.consul.whole())) return false;
  for (const gateway of lab.gateways) await gateway.ready();
  return lab.paths.every((path) => lab.server(path) !== undefined);
}
