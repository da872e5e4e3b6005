// pathwarden itself: Node.js, its state directory and room for the journal.
import type { FileFacts } from '../ports/doctor.ts';
import { asRoot, type Finding, sayIn } from './finding.ts';
import { nodeFinding } from './node-version.ts';
import type { Setup } from './setup.ts';

const say = sayIn('pathwarden');
const megabyte = 1_000_000;
const leastMegabytes = 64;

export async function nodeFindings(setup: Setup): Promise<readonly Finding[]> {
  const { config, ports: { host } } = setup;
  return [nodeFinding(host.node), await stateDirFinding(setup), await roomFinding(setup, config.journal.maxMegabytes)];
}

async function stateDirFinding({ config, ports: { host } }: Setup): Promise<Finding> {
  const what = 'state directory';
  const { stateDir } = config.node;
  const file = await host.file(stateDir);
  if (file.kind !== 'done') return say.unknown(what, `${stateDir}: ${file.reason}`, host.isRoot ? '' : asRoot);
  if (file.value === null) return say.ok(what, `${stateDir} is made at the first start`);
  return judgeStateDir(stateDir, file.value, host.isRoot);
}

function judgeStateDir(stateDir: string, file: FileFacts, isRoot: boolean): Finding {
  const what = 'state directory';
  if (file.kind !== 'directory') {
    return say.failure(what, `${stateDir} is no directory`, 'node: { stateDir: /var/lib/pathwarden }');
  }
  if (file.isWritable) {
    if ((file.mode & 0o022) === 0) return say.ok(what, `${stateDir}, can be written`);
    return say.warning(what, `${stateDir} can be written by other users`, `chmod 700 ${stateDir}`);
  }
  // The daemon may run as somebody else than whoever asks here.
  if (!isRoot && !file.isMine) return say.unknown(what, `${stateDir} belongs to another user`, asRoot);
  return say.failure(what, `${stateDir} cannot be written`, `chmod u+rwx ${stateDir}   # or is its disk read-only?`);
}

async function roomFinding({ config, ports: { host } }: Setup, maxMegabytes: number): Promise<Finding> {
  const what = 'room for the journal';
  const [free, now] = await Promise.all([host.freeBytes(config.journal.file), host.file(config.journal.file)]);
  if (free.kind !== 'done') return say.unknown(what, free.reason, host.isRoot ? '' : asRoot);
  const used = now.kind === 'done' && now.value !== null ? now.value.bytes : 0;
  const room = Math.floor((free.value + used) / megabyte);
  const found = `${String(Math.floor(free.value / megabyte))} MB free, it takes up to ${String(maxMegabytes)} MB`;
  if (room >= maxMegabytes) return say.ok(what, found);
  if (free.value < leastMegabytes * megabyte) return say.failure(what, found, `df -h ${config.journal.file}`);
  return say.warning(what, found, `journal: { maxMegabytes: ${String(Math.max(8, Math.floor(room / 2)))} }`);
}
