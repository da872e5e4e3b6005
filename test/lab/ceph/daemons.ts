// The daemons of a small Ceph in a folder: one monitor, one manager, and OSDs. They run in the background.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';

interface Place {
  readonly folder: string;
  readonly ip: string;
  /** Where clients find the monitor. */
  readonly port: number;
}

interface Plan extends Place {
  /** Where the monitor listens, when something stands before it. */
  readonly monitorPort?: number;
  readonly osds: readonly number[];
  /** Runs a program with the cluster's configuration file and gives what it printed. Throws when it fails. */
  readonly must: (program: string, ...argv: string[]) => Promise<string>;
}

/** Its configuration has to lie in `ceph.conf` in the folder. Daemons write `<name>.pid` there. */
export async function startCephDaemons(plan: Plan): Promise<void> {
  await startMonitor(plan);
  await Promise.all([startManager(plan), ...plan.osds.map((id) => startOsd(plan, id))]);
}

async function startMonitor({ folder, ip, port, monitorPort = port, must }: Plan): Promise<void> {
  const [keyring, map] = [`${folder}/keyring`, `${folder}/monmap`];
  const fsid = /fsid = (\S+)/.exec(await readFile(`${folder}/ceph.conf`, 'utf8'))?.[1] ?? '';
  const everything = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *', '--cap', 'mgr', 'allow *'];
  await must('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
  await must('ceph-authtool', keyring, '--gen-key', '-n', 'client.admin', ...everything);
  await must('monmaptool', '--create', '--fsid', fsid, '--addv', 'a', `[v2:${ip}:${port}]`, map);
  await must('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring);
  await must('ceph-mon', '-i', 'a', '--public-bind-addr', `v2:${ip}:${monitorPort}`);
}

async function startManager({ folder, must }: Plan): Promise<void> {
  const keyring = `${folder}/mgr.x/keyring`;
  await mkdir(`${folder}/mgr.x`);
  await must('ceph', 'auth', 'get-or-create', 'mgr.x', 'mon', 'allow profile mgr', 'osd', 'allow *', '-o', keyring);
  await must('ceph-mgr', '-i', 'x', '--keyring', keyring);
}

async function startOsd({ folder, must }: Plan, id: number): Promise<void> {
  const [uuid, keyring] = [randomUUID(), `${folder}/osd.${id}/keyring`];
  await mkdir(`${folder}/osd.${id}`);
  await must('ceph', 'osd', 'new', uuid, String(id));
  const caps = ['mon', 'allow profile osd', 'mgr', 'allow profile osd', 'osd', 'allow *'];
  await must('ceph', 'auth', 'get-or-create', `osd.${id}`, ...caps, '-o', keyring);
  await must('ceph-osd', '-i', String(id), '--mkfs', '--osd-uuid', uuid, '--keyring', keyring);
  await must('ceph-osd', '-i', String(id), '--keyring', keyring);
}

/** One copy of everything is enough. Keyrings of users lie in the folder, as `client.<id>.keyring`. */
export const cephConf = ({ folder, ip, port }: Place): string => `[global]
fsid = ${randomUUID()}
run dir = ${folder}
log file = /dev/null
pid file = ${folder}/$name.pid
admin socket = ${folder}/$name.$pid.asok
keyring = ${folder}/$name.keyring,${folder}/keyring
mon host = v2:${ip}:${port}
public addr = ${ip}
auth allow insecure global id reclaim = false
mon allow pool size one = true
osd pool default size = 1
osd crush chooseleaf type = 0
osd memory target = 939524096
rbd default features = 1
[mon]
mon data = ${folder}/mon.$id
mon cluster log file = /dev/null
mon osd min down reporters = 1
mon osd adjust heartbeat grace = false
[osd]
osd data = ${folder}/osd.$id
bluestore block size = 1073741824
osd heartbeat interval = 1
osd heartbeat grace = 4
[mgr]
mgr data = ${folder}/mgr.$id
`;
