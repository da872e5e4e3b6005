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
  if (file.kind === 'done' && file.value === null) return [await missing(host, device, worse)];
  if (!host.isRoot) return [say.unknown('device', `${device}: only root can look at it`, asRoot)];
  const check = await host.watchdog(device, timeoutMs);
  const fit =
    check.kind === 'unfit'
      ? worse('device', check.reason, 'echo options softdog soft_margin=10 > /etc/modprobe.d/watchdog.conf')
      : check.warning === null
        ? say.ok('device', `${device}, ${check.identity}`)
        : say.warning('device', check.warning, 'echo options softdog nowayout=1 > /etc/modprobe.d/watchdog.conf');
  const holders = await host.holders(device);
  if (holders.kind !== 'done') return [fit, say.unknown('held by', holders.reason)];
  return [fit, heldFinding(holders.value, worse)];
}

/** Many boards have a better one; the software's needs no board. */
async function missing(host: HostPort, device: string, worse: SayTrouble): Promise<Finding> {
  const softdog = await host.kernelModule('softdog');
  const hasNone = softdog.kind === 'done' && softdog.value === null;
  const found = hasNone ? `${device} is not there, and this kernel has no softdog` : `${device} is not there`;
  const load = 'modprobe softdog soft_margin=10   # or the driver of your board';
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
