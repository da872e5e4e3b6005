// Runs inside the machine beside a Ceph: udev, the modules, the way to Ceph, then the tests.
import { writeFileSync } from 'node:fs';
import { until } from '../../lab/clock.ts';
import { launch, run } from '../../lab/processes.ts';
import { emptyReport } from '../../lab/report.ts';
import { patienceMs } from '../cluster.ts';
import { type Found, runVitest } from '../run-vitest.ts';
import { adminAnswers } from './admin-client.ts';
import { type Place, placeVariable } from './rig.ts';

const [conf = '', id = '', adminUrl = '', address = '', filter = ''] = process.argv.slice(2);
/** It starts while the machine boots, on a host that carries more than one. */
const cephPatienceMs = 180_000;
const report: Found = { ...emptyReport(), passed: [] };
await run(['modprobe', '-a', 'virtio_net', 'rbd', 'configfs'], patienceMs);
await run(['modprobe', 'nbd', 'nbds_max=16'], patienceMs);
await run(['mount', '-t', 'configfs', 'configfs', '/sys/kernel/config'], patienceMs);
await run(['modprobe', '-a', 'target_core_mod', 'target_core_iblock', 'iscsi_target_mod'], patienceMs);
for (const line of ['addr add 10.0.2.15/24 dev eth0', 'link set eth0 up', 'route add default via 10.0.2.2']) {
  await run(['ip', ...line.split(' ')], patienceMs);
}
const udev = launch(['/lib/systemd/systemd-udevd'], '/run/udev.log');
await until('udev answers', patienceMs, async () => (await run(['udevadm', 'settle'], patienceMs)) === '', 100);
// Which file of tests comes first is not said: none of them is to wait for it.
await until('Ceph is there', cephPatienceMs, () => adminAnswers(adminUrl), 100);
const place: Place = { conf, id, adminUrl, address, udevPid: udev.pid ?? 0 };
await runVitest(report, {
  config: 'test/vm/ceph/vitest.config.ts',
  filter,
  names: /./,
  figure: 'cephTestsPassed',
  env: { [placeVariable]: JSON.stringify(place) },
});
writeFileSync('/run/out/result.json', JSON.stringify(report));
process.exit(0);
