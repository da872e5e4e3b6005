// A host sees its initiators and nobody else: neither Consul nor peers can tell it that others take over.
import { now, sleep } from '../../clock.ts';
import type { Host } from '../../hosts.ts';
import type { Lab } from '../../lab.ts';
import { mendUntilWhole } from '../../mend.ts';
import { keep, type Report } from '../../report.ts';
import type { Scenario } from '../scenario.ts';
import { failIfTaken, keepMargin, leaseMs, stoppedAfterMs, takenOver, victim } from './fault.ts';

/** From its deadline to having stopped all service. */
const teardownBarMs = 3000;

export const cutOff: Scenario = {
  name: 'cut-off',
  what: 'each host in turn is cut off from all but the initiators: it stops serving before any peer starts',
  async run(lab, report) {
    const margins: number[] = [];
    for (const host of lab.gatewayHosts.slice(0, lab.quick ? 1 : undefined)) {
      await mendUntilWhole(lab);
      await lab.balance();
      await sleep(500);
      margins.push(await marginOf(lab, report, host));
    }
    keep(report, 'cutOffMarginMs', Math.min(...margins));
  },
};

/**
 * The fence takes no power here: it believes in a host's end as soon as Consul itself might give its locks away by the
 * TTL. So whatever margin there is, is the cut-off daemon's own doing.
 */
async function marginOf(lab: Lab, report: Report, host: Host): Promise<number> {
  const hit = victim(lab, host);
  const from = now();
  lab.power.provesFrom = from + lab.settings.ttlMs;
  await lab.partitions.fromAllBut(host, lab.initiatorHost);
  await sleep(leaseMs(lab) - 1000);
  failIfTaken(lab, report, 'cutOff', hit);
  await takenOver(lab, report, `cutOff${host.name.toUpperCase()}`, hit, from, lab.settings.ttlMs * 2 + 15_000);
  if (!hit.host.powered) report.failures.push('cutOff: the host was switched off, so the margin says nothing');
  const stoppedMs = stoppedAfterMs(lab, hit, from);
  keep(report, `cutOff${host.name.toUpperCase()}StoppedMs`, stoppedMs);
  if (stoppedMs > leaseMs(lab) + teardownBarMs) report.failures.push(`cutOff: it served for ${String(stoppedMs)} ms`);
  return keepMargin(lab, report, `cutOff${host.name.toUpperCase()}MarginMs`, hit, from);
}
