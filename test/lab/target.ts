// One user-space iSCSI target daemon per host. It starts with a portal on loopback only: no path is open by accident.
import type { ChildProcess } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import type { Host, Network } from './hosts.ts';
import { until } from './clock.ts';
import { end, isRunning, launch, run, signal } from './processes.ts';

export class Targets {
  readonly #daemons = new Map<string, ChildProcess>();
  readonly #network: Network;
  readonly #folder: string;

  constructor(network: Network, folder: string) {
    this.#network = network;
    this.#folder = folder;
  }

  /** tgtd listens on a socket named by this number, on the machine's file system: so it is unique per run and host. */
  controlPort(host: Host): number {
    return (process.pid % 3000) * 10 + this.#network.hosts.indexOf(host) + 1;
  }

  async start(host: Host, options: readonly string[] = []): Promise<void> {
    const control = String(this.controlPort(host));
    const argv = ['tgtd', '-f', '-C', control, '--iscsi', 'portal=127.0.0.1:3260', ...options];
    this.#daemons.set(host.name, launch(this.#network.inside(host, argv), this.#log(host)));
    await until(`tgtd answers on ${host.name}`, 5000, async () => {
      await run(['tgtadm', '-C', control, '--lld', 'iscsi', '--mode', 'sys', '--op', 'show']);
      return true;
    });
  }

  async kill(host: Host): Promise<void> {
    await end(this.#daemons.get(host.name), 'SIGKILL');
  }

  isRunning(host: Host): boolean {
    return isRunning(this.#daemons.get(host.name));
  }

  pause(host: Host): void {
    signal(this.#daemons.get(host.name), 'SIGSTOP');
  }

  resume(host: Host): void {
    signal(this.#daemons.get(host.name), 'SIGCONT');
  }

  /** Everything that it has said since it, or one before it, was started on this host. */
  said(host: Host): string {
    return readFileSync(this.#log(host), 'utf8');
  }

  #log(host: Host): string {
    return `${this.#folder}/${host.name}/tgtd.log`;
  }

  /** Removes the control sockets, which outlive a killed tgtd. */
  close(): void {
    for (const host of this.#network.hosts) {
      const socket = `/var/run/tgtd/socket.${this.controlPort(host)}`;
      for (const file of [socket, `${socket}.lock`]) rmSync(file, { force: true });
    }
  }
}
