// Ceph as the doctor sees it, through the user of the fence. Nothing is added or removed.
import type { CephPort } from '../../src/ports/doctor.ts';
import { done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { fieldOf, parsed } from '../json.ts';
import { describe, failure, type RunResult } from '../run.ts';
import { readBlocklist, readOsdMap, refusingOsds } from './ceph-answers.ts';
import { type CephSettings, commandOf } from './ceph.ts';

const patience = { deadlineMs: 10_000 };

export function cephLook(settings: CephSettings): CephPort {
  const ceph = (...argv: string[]) => commandOf(settings, patience)(...argv);
  return {
    async status() {
      const said = await answered(ceph('status', '--format', 'json'));
      if (said.kind !== 'done') return said;
      const health = /"status":\s*"(HEALTH_[A-Z]+)"/.exec(said.value)?.[1];
      return health === undefined ? unknown('ceph status cannot be understood') : done({ health });
    },
    async blocklist() {
      const said = await answered(ceph('osd', 'blocklist', 'ls', '--format', 'json'));
      if (said.kind !== 'done') return said;
      const entries = readBlocklist(said.value);
      return entries === null ? unknown('the blocklist cannot be understood') : done(entries.size);
    },
    async silentOsds() {
      const dump = await answered(ceph('osd', 'dump', '--format', 'json'));
      if (dump.kind !== 'done') return dump;
      const map = readOsdMap(dump.value);
      if (map === null) return unknown('ceph osd dump cannot be understood');
      const said = await ceph('tell', 'osd.*', 'dump_blocklist', '--format', 'json');
      if (said.kind !== 'exited') return failure(said);
      const speaking = refusingOsds(said.stdout, [], map);
      const up = map.osds.filter(({ isUp }) => isUp);
      if (up.length > 0 && speaking.size === 0) return refused(describe(said));
      return done(up.filter(({ id }) => !speaking.has(id)).map(({ id }) => `osd.${String(id)}`));
    },
    async caps() {
      // The answer holds the key of the user, too: only its rights go on from here.
      const said = await ceph('auth', 'get', `client.${settings.id}`, '--format', 'json');
      if (said.kind !== 'exited') return failure(said);
      if (said.code !== 0) return failure({ ...said, stdout: '' });
      return capsIn(said.stdout);
    },
  };
}

async function answered(asked: Promise<RunResult>): Promise<Outcome<string>> {
  const said = await asked;
  return said.kind === 'exited' && said.code === 0 ? done(said.stdout) : failure(said);
}

function capsIn(text: string): Outcome<Readonly<Record<string, string>>> {
  const users = parsed(text);
  const caps = Array.isArray(users) ? fieldOf(users[0], 'caps') : null;
  const isRead = typeof caps === 'object' && caps !== null;
  return isRead ? done(caps as Readonly<Record<string, string>>) : unknown('its rights cannot be understood');
}
