// Two daemons in this process, one with commands that quote whatever they were given; everything they say is kept.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../adapters/clock/system.ts';
import { memoryCluster } from '../../adapters/consul/cluster.ts';
import { openStore } from '../../adapters/consul/embedded/store.ts';
import { memoryDataPlane, tgtDataPlane } from '../../adapters/dataplane.ts';
import { commandFence } from '../../adapters/fence/command.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import { memoryNetwork } from '../../adapters/memory-host.ts';
import { createRunner, type Run } from '../../adapters/run.ts';
import { noteCommand } from '../../src/daemon/commands.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { inspectorOf } from '../../src/daemon/inspector.ts';
import type { DaemonSettings } from '../../src/daemon/settings.ts';
import { buildHttp } from '../../src/http/app.ts';
import { listen } from '../../src/http/listen.ts';
import { createLog } from '../../src/log.ts';
import type { DataPlane } from '../../src/ports/dataplane.ts';
import { canaries, type Sweep } from './canaries.ts';

export interface Gateway {
  readonly name: string;
  readonly url: string;
  readonly journalFile: string;
  stop(how: 'keep' | 'drain'): Promise<void>;
}

export class TwoNodes {
  readonly directory = mkdtempSync(join(tmpdir(), 'pathwarden-privacy-'));
  readonly store = openStore({ clock: systemClock() });
  readonly cluster = memoryCluster({ clock: systemClock(), store: this.store });
  readonly #network = memoryNetwork();
  readonly #sweep: Sweep;

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
    this.write('chap-secret', canaries.chap);
    this.write('mutual-chap-secret', canaries.mutualChap);
    this.write('token', `${canaries.operatorToken}\n`);
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  async start(name: string, plane: 'quoting' | 'memory'): Promise<Gateway> {
    const clock = systemClock();
    const log = createLog({ level: 'trace', node: name, stream: { write: (line) => this.#sweep.add('log', line) } });
    const run = createRunner({
      execute: quoting,
      record: (record) => {
        noteCommand(record);
        log.debug({ data: record }, 'command');
      },
    });
    const argv = ['/usr/local/sbin/fence', '--action', 'off', canaries.fenceArgument, '{node}',
      `--password=${canaries.fenceOption}`];
    const dataPlane: DataPlane = plane === 'quoting'
      ? tgtDataPlane({ run, controlPort: 0, traffic: 'none' })
      : memoryDataPlane({ node: name, network: this.#network, clock });
    const journalFile = this.path(`${name}.sqlite`);
    const daemon = new Daemon({
      settings: settingsFor(name), clock, log, dataPlane, cluster: this.cluster,
      fences: [commandFence({ run, argv })],
      journal: sqliteJournal({ file: journalFile, node: name }),
      onRefused: () => {},
    });
    const http = buildHttp({ inspector: inspectorOf(daemon), token: canaries.operatorToken, log });
    const url = await listen(http, { host: '127.0.0.1', port: 0 });
    await daemon.start();
    const stop = async (how: 'keep' | 'drain'): Promise<void> => {
      await daemon.stop(how, 3_000);
      await http.close();
    };
    return { name, url, journalFile, stop };
  }

  /** Every byte of the journals, and what the daemons wrote into Consul. */
  sweepFiles(): void {
    for (const name of readdirSync(this.directory).filter((each) => each.includes('.sqlite'))) {
      this.#sweep.add('journal file', readFileSync(this.path(name), 'latin1'));
    }
  }

  remove(): void {
    rmSync(this.directory, { recursive: true });
  }
}

let failures = 0;

/** The one CHAP account that can be made. */
export const acceptedUser = 'accepted';

/** A world in which little works and every program repeats what it was told: the worst that errors can say. */
const quoting: Run = async (argv, options) => {
  const facts = { command: argv.join(' '), durationMs: 1 };
  const said = `cannot do ${argv.join(' ')} with ${JSON.stringify(argv)} and ${options.input ?? 'nothing'}`;
  if (argv[0] === 'stat') return { kind: 'exited', code: 0, stdout: 'regular file|1048576', stderr: '', ...facts };
  const fine = ['dd', 'show', 'logicalunit', acceptedUser];
  // A user may be called `target`.
  const isFine = fine.some((word) => argv.includes(word)) || argv[argv.indexOf('--mode') + 1] === 'target';
  const stdout = argv[0] === 'ip' ? '[]' : '';
  if (isFine) return { kind: 'exited', code: 0, stdout, stderr: '', ...facts };
  const answer = { kind: 'exited', code: 22, stdout: said, stderr: said, ...facts } as const;
  failures += 1;
  return failures % 3 === 0 ? { kind: 'unknown', reason: said, ...facts } : answer;
};

const settingsFor = (node: string): DaemonSettings => ({
  node, instance: `instance of ${node}`, bootId: `boot of ${node}`, version: '0', roles: ['gateway'],
  inspector: '', portalPort: 3260,
  session: { ttlMs: 10_000, lockDelayMs: 0, nodeHealth: true, marginMs: 2_000, renewEveryMs: 2_000 },
  methods: [{ method: 'command', position: 0 }], fenceDeadlinesMs: [1_000], rankDelayMs: 20, commandsPerKind: 8,
  mailboxEvents: 10_000, deadlines: { attachMs: 1_000, targetMs: 1_000, addressMs: 1_000, consulMs: 1_000 },
  announceAtMs: [0], duplicateProbeMs: 0, observeEveryMs: 200,
});
