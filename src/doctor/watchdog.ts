// The device that resets this host: fits, and nobody else holds it.
import type { Holder, HostPort } from '../ports/doctor.ts';
import { asRoot, type Finding, install, sayIn, type SayTrouble } from './finding.ts';
import type { Setup } from './setup.ts';

const say = sayIn('watchdog');

export async function watchdogFindings({ config, ports: { host } }: Setup): Promise<readonly Finding[]> {
  const { mode, device, timeoutMs } = config.watchdog;
  if (mode === 'off') return [];
  const worse = mode === 'required' ? say.failure : say.warning;
  const file = await host.file(device);
  if (file.kind === 'done' && file.value === null) return [await missing(host, config.watchdog, worse)];
  if (!host.isRoot) return [say.unknown('device', `${device}: only root can look at it`, asRoot)];
  const check = await host.watchdog(device, timeoutMs);
  const fit =
    check.kind === 'unfit'
      ? worse('device', check.reason, optionsFix(check.reason, timeoutMs))
      : check.warning === null
        ? say.ok('device', `${device}, ${check.identity}`)
        : say.warning('device', check.warning, optionsFix(check.warning, timeoutMs));
  const holders = await host.holders(device);
  if (holders.kind !== 'done') return [fit, say.unknown('held by', holders.reason)];
  return [fit, heldFinding(holders.value, worse)];
}

const marginOf = (timeoutMs: number): string => `soft_margin=${String(Math.floor(timeoutMs / 1000))}`;

/** All options in one line, because it replaces the file; `nowayout` has a price, so only where it is asked for. */
function optionsFix(found: string, timeoutMs: number): string {
  const [more, remark] = found.includes('nowayout=1')
    ? [' nowayout=1', '   # nowayout: an end in order resets the host, too']
    : ['', ''];
  return `echo options softdog ${marginOf(timeoutMs)}${more} > /etc/modprobe.d/watchdog.conf${remark}`;
}

type Watchdog = Setup['config']['watchdog'];

/** Many boards have a better one; the software's needs no board. */
async function missing(host: HostPort, { device, timeoutMs }: Watchdog, worse: SayTrouble): Promise<Finding> {
  const softdog = await host.kernelModule('softdog');
  const hasNone = softdog.kind === 'done' && softdog.value === null;
  const found = hasNone ? `${device} is not there, and this kernel has no softdog` : `${device} is not there`;
  const load = `modprobe softdog ${marginOf(timeoutMs)}   # or the driver of your board`;
  return worse('device', found, hasNone ? install('linux-image-amd64') : load);
}

function heldFinding(holders: readonly Holder[], worse: SayTrouble): Finding {
  const other = holders.find(({ isOurs }) => !isOurs);
  if (other === undefined) return say.ok('held by', holders.length === 0 ? 'nobody' : 'pathwarden');
  const found = `${other.program} (pid ${String(other.pid)}): only one program can hold it`;
  const fix =
    other.pid === 1
      ? 'sed -i "s/^RuntimeWatchdogSec=/#&/" /etc/systemd/system.conf && systemctl daemon-reexec'
      : `systemctl disable --now ${other.program}`;
  return worse('held by', found, fix);
}
