// A daemon in a process of its own: its journal is a file, Consul and data plane are in memory.
import { systemClock } from '../../adapters/clock/system.ts';
import { memoryCluster } from '../../adapters/consul/cluster.ts';
import { openStore } from '../../adapters/consul/embedded/store.ts';
import { memoryDataPlane } from '../../adapters/dataplane.ts';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import { memoryNetwork } from '../../adapters/memory-host.ts';
import type { NodeContext } from '../../machines/node/node.machine.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { silentLog } from '../../src/daemon/log.ts';
import { sleep, until } from '../lab/clock.ts';
import { hangSettings, hangSpec } from './journal-hang-node.ts';
import { type Delay, watchLoop } from './loop-watch.ts';

export type Question = { readonly what: 'serve' } | { readonly what: 'tear down'; readonly forMs: number };

export interface Window extends Delay {
  readonly paths: number;
  /** From the loss of the session until nothing is served any more. */
  readonly tornDownMs: number;
  /** Only as long as that took. */
  readonly tearing: Delay;
  /** Records that waited for the disk at the end. */
  readonly unwritten: number;
  /** 1 when the daemon said that its journal does not write. */
  readonly troubleSaid: number;
}

const [file = ''] = process.argv.slice(2);
const paths = 200;
const port = 3260;
const deadlineMs = 60_000;

const clock = systemClock();
const store = openStore({ clock });
const network = memoryNetwork();
const cluster = memoryCluster({ clock, store });
const specs = Array.from({ length: paths }, (_, disk) => hangSpec(disk));
const daemon = new Daemon({
  settings: hangSettings, journal: sqliteJournal({ file }), clock, log: silentLog, fences: [undefined], cluster,
  dataPlane: memoryDataPlane({ node: hangSettings.node, network, clock }),
  onRefused: (reason) => process.send?.(reason),
});
await daemon.start();
for (const { key, value } of specs) await cluster.put({ key, value }, { deadlineMs });

process.on('disconnect', () => process.exit(0));
process.on('message', (question: Question) => {
  const work = question.what === 'serve' ? serve() : tearDown(question.forMs);
  work.then((answer) => process.send?.(answer), (error: unknown) => process.send?.(String(error)));
});

const served = (): number => specs.filter(({ ip }) => network.serving(ip, port).length > 0).length;

async function serve(): Promise<string | object> {
  await until('every path is served and written', deadlineMs, () =>
    served() === paths && daemon.engine.scribe.isHealthy && daemon.engine.scribe.unwritten === 0);
  return {};
}

async function tearDown(forMs: number): Promise<Window> {
  const { session } = daemon.engine.registry.ensure('node').snapshot.context as NodeContext;
  const startMs = performance.now();
  const [whole, tearing] = [watchLoop(), watchLoop()];
  store.destroySession(session ?? '');
  let isServed = true;
  let tornDownMs = Number.NaN;
  let troubleSaid = 0;
  // No second loss: what is taken anew while the disk answers stays.
  while (performance.now() - startMs < forMs) {
    await sleep(5);
    if (daemon.troubles.journal !== null) troubleSaid = 1;
    if (!isServed || served() > 0) continue;
    isServed = false;
    tornDownMs = Math.round(performance.now() - startMs);
    tearing.stop();
  }
  if (isServed) throw new Error(`${String(served())} paths are served after ${String(forMs)} ms`);
  const { unwritten } = daemon.engine.scribe;
  return { paths, tornDownMs, unwritten, troubleSaid, tearing: tearing.delay(), ...whole.stop().delay() };
}
