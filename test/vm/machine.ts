// One virtual machine with Debian's kernel, whose files are those of the host: nothing it writes stays.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isRunning } from '../lab/processes.ts';
import type { Kernel } from './get-kernel.ts';
import { initramfs } from './initramfs.ts';

/** What all machines of a run have in common. */
export interface Run {
  readonly kernel: Kernel;
  readonly limitMs: number;
  /** What the program inside prints, as it comes. */
  readonly say: (text: string) => void;
  /** Then every machine ends. */
  readonly interrupted: AbortSignal;
}

interface Settings extends Run {
  readonly argv: readonly string[];
  readonly workFolder: string;
  readonly memoryMegabytes?: number;
  /** One by default: a second one costs far more than it gives where several machines share the host's processors. */
  readonly processors?: number;
  /** More devices, as arguments of QEMU. */
  readonly devices?: readonly string[];
  /** Put before the argv of QEMU: `ip netns exec NAME`, so that what the machine sends comes from that namespace. */
  readonly prefixArgv?: readonly string[];
}

export interface Machine {
  readonly ended: Promise<Ended>;
  /** Power off. It is gone when this is. */
  readonly kill: () => Promise<void>;
  /** What the program inside finds in `/run/out`. */
  readonly out: string;
}

export interface Ended {
  /** What the program inside left in `/run/out/result.json`; null when it left nothing. */
  readonly result: unknown;
  /** Null when the machine ended before the program did. */
  readonly exitCode: number | null;
  /** Everything that the kernel said. */
  readonly kernelLog: string;
  readonly wasLate: boolean;
}

export async function startMachine(settings: Settings): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'pathwarden-vm-'));
  const out = join(folder, 'out');
  await mkdir(out);
  const initrd = await initramfs(folder, settings);
  const child = boot(settings, { initrd, folder, out });
  const ended = watch(child, folder, settings);
  // Somebody may look only when another machine has ended.
  ended.catch(() => {});
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    // What it left, or that it was never there, is told to those who wait for its end.
    await ended.catch(() => {});
    if (isRunning(child)) throw new Error('the process of the machine survives SIGKILL');
  };
  return { ended, kill, out };
}

async function watch(child: ChildProcess, folder: string, settings: Limits): Promise<Ended> {
  try {
    return await resultIn(folder, await endOf(child, settings));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function resultIn(folder: string, wasLate: boolean): Promise<Ended> {
  const text = (file: string): Promise<string> => readFile(join(folder, file), 'utf8').catch(() => '');
  const [result, code, messages, console] = await Promise.all(
    ['out/result.json', 'out/exit-code', 'out/dmesg', 'console'].map(text),
  );
  return {
    result: result === '' || result === undefined ? null : JSON.parse(result),
    exitCode: code === '' ? null : Number(code),
    // A kernel that died wrote only to its console.
    kernelLog: `${messages}\n${console}`,
    wasLate,
  };
}

/** What newer ones can do is emulated at a price. Without random numbers of its own nobody gets any for seconds. */
const processor = 'Nehalem,+rdrand';

const kernelArguments = [
  'console=ttyS0 loglevel=5 panic=-1 oops=panic net.ifnames=0',
  // A host that is busy starves the timer that the kernel tries at its start, which would end it there.
  'no_timer_check',
  // Nobody is to be kept apart in here, and each system call and each page would pay for it.
  'mitigations=off lsm= init_on_alloc=0',
  // What was translated for a program is found again only if its next process has it at the same address.
  'norandmaps',
  // What is removed waits until nobody reads it: without this for as long as a slow machine takes to get around.
  'rcupdate.rcu_expedited=1',
];

interface Files {
  readonly initrd: string;
  readonly folder: string;
  readonly out: string;
}

/** It does not outlive this process. */
function boot(settings: Settings, { initrd, folder, out }: Files) {
  const { kernel, say, memoryMegabytes = 2048, processors = 1, devices = [], prefixArgv = [] } = settings;
  const argv = [
    `-accel tcg,thread=multi -smp ${processors} -cpu ${processor}`,
    '-nodefaults -no-user-config -display none -no-reboot',
    `-m ${memoryMegabytes} -kernel ${kernel.image} -initrd ${initrd}`,
    `-serial file:${join(folder, 'console')} -serial stdio`,
    share('host', '/', 'readonly=on,multidevs=remap'),
    share('out', out, 'readonly=off'),
  ].flatMap((line) => line.split(' '));
  argv.push('-append', kernelArguments.join(' '));
  // `ip netns exec` becomes the program that it starts, and so dies with this process too.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...prefixArgv, 'qemu-system-x86_64', ...argv, ...devices], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface({ input: child.stdout }).on('line', say);
  return child;
}

type Limits = Pick<Run, 'limitMs' | 'interrupted'>;

/** True when it had to be killed because its time was over. */
export async function endOf(child: ChildProcess, { limitMs, interrupted }: Limits): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const stop = (): boolean => child.kill('SIGKILL');
  let wasLate = false;
  child.once('error', reject).once('close', () => resolve(wasLate));
  const limit = setTimeout(() => (wasLate = stop()), limitMs);
  interrupted.addEventListener('abort', stop);
  if (interrupted.aborted) stop();
  return promise.finally(() => {
    clearTimeout(limit);
    interrupted.removeEventListener('abort', stop);
  });
}

const share = (tag: string, path: string, rest: string): string =>
  `-fsdev local,id=${tag},path=${path},security_model=none,${rest} -device virtio-9p-pci,fsdev=${tag},mount_tag=${tag}`;
