// The kernel's initiator with open-iscsi and multipathd, as a Debian host has them.
import { appendFileSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { until } from '../lab/clock.ts';
import { launch, run } from '../lab/processes.ts';

export const initiatorName = 'iqn.1994-05.com.example:vm';
const patienceMs = 240_000;

/** How soon an initiator notices: its keep-alive. */
export const sessionSettings = `
node.session.auth.authmethod = None
node.conn[0].timeo.noop_out_interval = 2
node.conn[0].timeo.noop_out_timeout = 5
`;

/** In seconds, as docs/operate/initiators.md says. With another path, nothing waits for the next login on this one. */
export const settingsFor = {
  onePath: { 'timeo.replacement_timeout': 300, 'iscsi.DefaultTime2Wait': 0 },
  multipath: { 'timeo.replacement_timeout': 0 },
} as const;

/** A disk with one path is left as it is. With 0, multipathd leaves alone what iscsid said. */
export const multipathSettings = `defaults {
  find_multipaths yes
  user_friendly_names no
  path_grouping_policy group_by_prio
  polling_interval 1
  max_polling_interval 2
  no_path_retry queue
  fast_io_fail_tmo 0
}
`;

export async function startInitiator(folder: string): Promise<void> {
  await run(['modprobe', '-a', 'iscsi_tcp', 'sd_mod', 'dm_multipath', 'dm_service_time', 'scsi_dh_alua'], patienceMs);
  writeFileSync('/etc/iscsi/initiatorname.iscsi', `InitiatorName=${initiatorName}\n`);
  appendFileSync('/etc/iscsi/iscsid.conf', sessionSettings);
  writeFileSync('/etc/multipath.conf', multipathSettings);
  mkdirSync('/run/lock/iscsi', { recursive: true });
  mkdirSync(folder, { recursive: true });
  await run(['/lib/systemd/systemd-udevd', '--daemon'], patienceMs);
  launch(['iscsid', '-f'], `${folder}/iscsid.log`);
  const listens = (): boolean => readFileSync('/proc/net/unix', 'utf8').includes('ISCSIADM_ABSTRACT_NAMESPACE');
  await until('iscsid answers', patienceMs, listens, 100);
  launch(['multipathd', '-d', '-s'], `${folder}/multipathd.log`);
  await until('multipathd answers', patienceMs, async () => (await run(['multipathd', 'show', 'daemon'])) !== '', 250);
}

/** Logs in to one portal and gives its device, as in `/dev/sda`. */
export async function login(iqn: string, ip: string, use: keyof typeof settingsFor): Promise<string> {
  const node = ['iscsiadm', '-m', 'node', '-T', iqn, '-p', `${ip}:3260`];
  await run([...node, '-o', 'new'], patienceMs);
  for (const [name, seconds] of Object.entries(settingsFor[use])) {
    await run([...node, '-o', 'update', '-n', `node.session.${name}`, '-v', String(seconds)], patienceMs);
  }
  await run([...node, '--login'], patienceMs);
  return until(`${iqn} at ${ip} is a device`, patienceMs, () => deviceOf(iqn, ip));
}

const sessions = '/sys/class/iscsi_session';
const connections = '/sys/class/iscsi_connection';

function deviceOf(iqn: string, ip: string): string | undefined {
  const text = (file: string): string => readFileSync(file, 'utf8').trim();
  const connection = readdirSync(connections).find((name) => {
    const session = name.replace(/^connection(\d+):\d+$/, 'session$1');
    return (
      text(`${connections}/${name}/persistent_address`) === ip && text(`${sessions}/${session}/targetname`) === iqn
    );
  });
  if (connection === undefined) return undefined;
  const session = realpathSync(`${sessions}/${connection.replace(/^connection(\d+):\d+$/, 'session$1')}/device`);
  const target = readdirSync(session).find((name) => name.startsWith('target')) ?? 'none';
  const units = existsSync(`${session}/${target}`) ? readdirSync(`${session}/${target}`) : [];
  const unit = units.find((name) => /^\d+:\d+:\d+:1$/.test(name)) ?? 'none';
  const block = `${session}/${target}/${unit}/block`;
  const [name] = existsSync(block) ? readdirSync(block) : [];
  return name === undefined ? undefined : `/dev/${name}`;
}

/** The multipath device that has all of these as its paths. */
export async function multipathOf(paths: readonly string[]): Promise<string> {
  return until(`${paths.join(' and ')} are one multipath device`, patienceMs, () => {
    const holders = paths.map((path) => readdirSync(path.replace('/dev/', '/sys/class/block/') + '/holders'));
    const common = holders[0]?.find((name) => holders.every((each) => each.includes(name)));
    return common !== undefined && existsSync(`/dev/${common}`) && `/dev/${common}`;
  });
}

/** The established connections of initiators to portals, by their addresses and ports: new after each login. */
export async function connectionsNow(): Promise<readonly string[]> {
  const output = await run(['ss', '-Htn', 'state', 'established', 'dport', '=', ':3260'], patienceMs);
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => line.trim().split(/\s+/).slice(2).join(' to ')).toSorted();
}
