// The data plane `tgt`: tgtd answers, its programs are there, and it leaves addresses to us.
import { asRoot, type Finding, sayIn } from './finding.ts';
import { programFindings } from './programs.ts';
import type { Setup } from './setup.ts';

const say = sayIn('target');

export async function tgtFindings(setup: Setup): Promise<readonly Finding[]> {
  const { config, ports } = setup;
  if (config.dataPlane.kind !== 'tgt') return [];
  const programs = await programFindings(ports.host, say, ['tgtd', 'tgtadm', 'ss']);
  // Without it nobody can ask.
  const cannotAsk = programs.some(({ what, level }) => what === 'tgtadm' && level === 'failure');
  const answer = cannotAsk ? [] : [await daemonFinding(setup)];
  return [...programs, ...answer, await socketsFinding(setup)];
}

async function daemonFinding({ config, ports: { host, tgt } }: Setup): Promise<Finding> {
  const { controlPort } = config.dataPlane.tgt;
  const observed = await tgt.observe();
  const at = `control port ${String(controlPort)}`;
  if (observed.kind === 'done') {
    const { portals, wildcard } = observed.value;
    const count = `${String(portals)} ${portals === 1 ? 'portal' : 'portals'}`;
    if (wildcard === null) return say.ok('tgtd answers', `${at}, ${count}`);
    const found = `it listens on every address (${wildcard}): no portal could be closed`;
    return say.failure('tgtd answers', found, dropIn(controlPort, /\d+$/.exec(wildcard)?.[0] ?? '3260'));
  }
  if (!host.isRoot) return say.unknown('tgtd answers', 'only root can ask it', asRoot);
  const fix = controlPort === 0 ? 'systemctl start tgt' : `systemctl start tgt   # with tgtd -C ${String(controlPort)}`;
  return say.failure('tgtd answers', `not at ${at}: ${observed.reason}`, fix);
}

/** As in install.md. */
function dropIn(controlPort: number, port: string): string {
  const folder = '/etc/systemd/system/tgt.service.d';
  const start = `/usr/sbin/tgtd -C ${String(controlPort)} -f --iscsi portal=127.0.0.1:${port}`;
  const text = `[Service]\\nExecStart=\\nExecStart=${start}\\n`;
  const restart = 'systemctl daemon-reload && systemctl restart tgt';
  return `mkdir -p ${folder} && printf '${text}' > ${folder}/portal.conf && ${restart}`;
}

/** Connections that are left over are ended with `ss -K`, which takes a kernel that can. */
async function socketsFinding({ ports: { host } }: Setup): Promise<Finding> {
  const what = 'ending sockets';
  const can = await host.kernelOption('CONFIG_INET_DIAG_DESTROY');
  if (can.kind !== 'done') return say.unknown(what, can.reason);
  if (can.value) return say.ok(what, 'the kernel can');
  const found = 'the kernel was built without CONFIG_INET_DIAG_DESTROY: a path with connections cannot be given up';
  return say.failure(what, found, 'apt-get install linux-image-amd64');
}
