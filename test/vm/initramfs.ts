// The first programs of the virtual machine: they put a tmpfs over the host's files and go on from there.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { compileInto } from './compile-cache.ts';
import type { Kernel } from './get-kernel.ts';

const run = promisify(execFile);
const neededToMount = ['virtio_pci', '9pnet_virtio', '9p', 'overlay'];

export interface Errand {
  readonly kernel: Kernel;
  /** An absolute argv that runs inside, with the host's files around it. */
  readonly argv: readonly string[];
  /** Where it runs. */
  readonly workFolder: string;
}

/** Writes `initramfs` into the folder and gives its path. */
export async function initramfs(folder: string, errand: Errand): Promise<string> {
  const tree = join(folder, 'tree');
  await mkdir(join(tree, 'modules'), { recursive: true });
  await copyFile('/bin/busybox', join(tree, 'busybox'));
  const modules = await modulesOf(errand.kernel);
  for (const file of modules) await copyFile(file, join(tree, 'modules', basename(file)));
  await writeFile(join(tree, 'init'), initScript(modules.map((file) => basename(file))), { mode: 0o755 });
  await writeFile(join(tree, 'start'), startScript(errand), { mode: 0o755 });
  await compileInto(join(tree, 'compiled'));
  const pack = run('busybox', ['cpio', '-o', '-H', 'newc'], { cwd: tree, encoding: 'buffer', maxBuffer: 2 ** 28 });
  // A folder has to come before what is in it.
  const names = (await readdir(tree, { recursive: true })).toSorted();
  pack.child.stdin?.end(`${names.join('\n')}\n`);
  const file = join(folder, 'initramfs');
  await writeFile(file, (await pack).stdout);
  return file;
}

/** In the order in which they have to be loaded. */
async function modulesOf({ root, version }: Kernel): Promise<readonly string[]> {
  const argv = ['--dirname', root, '--set-version', version, '--show-depends', '--all', ...neededToMount];
  const { stdout } = await run('modprobe', argv);
  const files = [...stdout.matchAll(/^insmod (\S+)/gm)].map(([, file]) => file ?? '');
  return [...new Set(files)];
}

const initScript = (modules: readonly string[]): string => `#!/busybox sh
/busybox mkdir -p /proc /sys /dev /host /over /new
/busybox mount -t proc proc /proc
/busybox mount -t sysfs sysfs /sys
/busybox mount -t devtmpfs devtmpfs /dev
${modules.map((name) => `/busybox insmod /modules/${name}`).join('\n')}
/busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /host
/busybox mount -t tmpfs tmpfs /over
/busybox mkdir /over/upper /over/work
/busybox mount -t overlay -o lowerdir=/host,upperdir=/over/upper,workdir=/over/work overlay /new
/busybox mount -t tmpfs tmpfs /new/run
/busybox cp -r /start /compiled /new/run
for each in proc sys dev; do /busybox mount --move /$each /new/$each; done
exec /busybox switch_root /new /bin/sh /run/start
`;

// It ends by a restart, at which QEMU ends, and not by a power-off: that takes the network cards away first, and a
// kernel that is sending then goes on for ever. It waits without a program: the disk of those may be gone by then.
const startScript = ({ kernel: { root, version }, argv, workFolder }: Errand): string => `
export PATH=${dirname(argv[0] ?? '')}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LC_ALL=C PATHWARDEN_VM=1 NODE_COMPILE_CACHE=/run/compiled
mkdir -p /run/out /run/netns /run/lock /dev/shm /dev/pts /lib/modules
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
rm -rf /lib/modules/${version}
ln -s '${join(root, 'lib/modules', version)}' /lib/modules/${version}
mount -t 9p -o rw,trans=virtio,version=9p2000.L,msize=512000 out /run/out
ip link set lo up
cd '${workFolder}'
${argv.map((word) => `'${word}'`).join(' ')} >/dev/ttyS1 2>&1 </dev/null
echo $? >/run/out/exit-code
dmesg >/run/out/dmesg
sync
echo b >/proc/sysrq-trigger
while true; do true; done
`;
