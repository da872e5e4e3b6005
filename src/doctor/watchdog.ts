// The device that resets this host: fits, and nobody else holds it.
import type { Holder, HostPort } from '../ports/doctor.ts';
import { softwareIdentity } from '../ports/watchdog.ts';
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
      ? worse('device', check.reason, optionsFix(check.identity, timeoutMs))
      : check.warning === null
        ? say.ok('device', `${device}, ${check.identity}`)
        : say.warning('device', check.warning, optionsFix(check.identity, timeoutMs));
  const holders = await host.holders(device);
  if (holders.kind !== 'done') return [fit, say.unknown('held by', holders.reason)];
  return [fit, heldFinding(holders.value, worse)];
}

const boardOptions = 'modinfo -p $(basename -a $(readlink -f /sys/class/watchdog/*/device/driver))';
const optionsFile = '/etc/modprobe.d/watchdog.conf';

/** Names of options differ from driver to driver: those of boards are shown by the kernel. */
function optionsFix(identity: string, timeoutMs: number): string {
  if (identity !== softwareIdentity) {
    return `${boardOptions}   # of ${identity}: set its timeout and nowayout in ${optionsFile}, then reboot`;
  }
  return `${softwareOptions(timeoutMs)} && modprobe -r softdog && modprobe softdog   # while pathwarden is stopped`;
}

/** In a file, so that they last over a reboot. */
const softwareOptions = (timeoutMs: number): string =>
  `echo options softdog soft_margin=${String(Math.floor(timeoutMs / 1000))} > ${optionsFile}`;

type Watchdog = Setup['config']['watchdog'];

/** Many boards have a better one; the software's needs no board. */
async function missing(host: HostPort, { device, timeoutMs }: Watchdog, worse: SayTrouble): Promise<Finding> {
  const softdog = await host.kernelModule('softdog');
  const hasNone = softdog.kind === 'done' && softdog.value === null;
  const found = hasNone ? `${device} is not there, and this kernel has no softdog` : `${device} is not there`;
  const atBoot = 'echo softdog > /etc/modules-load.d/watchdog.conf';
  const load = `${softwareOptions(timeoutMs)} && ${atBoot} && modprobe softdog   # or the driver of your board`;
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
