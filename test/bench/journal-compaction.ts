// Whether compacting a large journal holds up the event loop or the appends of a node that goes on working.
import { join } from 'node:path';
import { sqliteJournal } from '../../adapters/journal/sqlite.ts';
import { actorIds } from '../../src/core/records.ts';
import type { Engine } from '../../src/daemon/engine.ts';
import type { JournalPort } from '../../src/ports/journal.ts';
import { sleep } from '../lab/clock.ts';
import { runRounds } from './journal-engine.ts';
import { offered } from './journal-events.ts';
import { type Delay, watchLoop } from './loop-watch.ts';
import type { Figure } from './report.ts';

const paths = 1_000;
const records = 60_000;
/** A path is taken and released this often: a node on a busy day. */
const takeEveryMs = 40;
const calmMs = 2_000;
/** What is left of the journal after each turn. */
const shares = [0.7, 0.4, 0.1];
const barMs = 50;

interface Turn {
  readonly loop: Delay;
  readonly longestAppendMs: number;
  readonly removed: number;
  readonly tookMs: number;
}

export async function benchCompaction(directory: string): Promise<readonly Figure[]> {
  const appends: number[] = [];
  const disks = Array.from({ length: paths }, (_, disk) => String(disk).padStart(5, '0'));
  const journal = timing(sqliteJournal({ file: join(directory, 'compacted', 'journal.db') }), appends);
  const goesOn = ({ counts }: Engine): boolean => counts.records < records;
  const { engine } = await runRounds({ journal, disks, goesOn });
  const stopLoad = load(engine, disks);
  try {
    const calm: Turn[] = [];
    const compacted: Turn[] = [];
    for (const share of shares) {
      calm.push(await turn(appends, () => sleep(calmMs)));
      compacted.push(await turn(appends, () => compact(engine, share)));
    }
    return compare(calm, compacted);
  } finally {
    stopLoad();
    await engine.stop();
  }
}

function timing(journal: JournalPort, tookMs: number[]): JournalPort {
  return {
    ...journal,
    async append(batch) {
      const startMs = performance.now();
      await journal.append(batch);
      tookMs.push(performance.now() - startMs);
    },
  };
}

function load(engine: Engine, disks: readonly string[]): () => void {
  let next = 0;
  const timer = setInterval(() => {
    next = (next + 1) % disks.length;
    void engine.post(actorIds.path(disks[next] ?? '', 1), offered, { kind: 'local', what: 'bench' });
  }, takeEveryMs);
  return () => clearInterval(timer);
}

async function compact(engine: Engine, share: number): Promise<number> {
  const { usedBytes } = await engine.retention.compact({ keepDays: 1, maxMegabytes: Number.MAX_SAFE_INTEGER });
  const { removed } = await engine.retention.compact({ keepDays: 1, maxMegabytes: (usedBytes * share) / 1_000_000 });
  if (removed < records / 10) throw new Error(`only ${String(removed)} records were removed`);
  return removed;
}

async function turn(appends: number[], work: () => Promise<number | void>): Promise<Turn> {
  appends.length = 0;
  const startMs = performance.now();
  const watch = watchLoop();
  const removed = (await work()) ?? 0;
  const tookMs = Math.round(performance.now() - startMs);
  return { loop: watch.stop().delay(), longestAppendMs: Math.max(...appends), removed, tookMs };
}

/** The best turn of each counts: it is the least disturbed one. */
function compare(calm: readonly Turn[], compacted: readonly Turn[]): readonly Figure[] {
  const least = (turns: readonly Turn[], of: (each: Turn) => number): number => Math.min(...turns.map(of));
  const most = (turns: readonly Turn[], of: (each: Turn) => number): number => Math.max(...turns.map(of));
  const loop = ({ loop: { maxMs } }: Turn): number => maxMs;
  const append = ({ longestAppendMs }: Turn): number => Math.round(longestAppendMs * 10) / 10;
  const what = 'the same work while nothing is compacted';
  const total = (of: (each: Turn) => number): number => compacted.reduce((sum, each) => sum + of(each), 0);
  const perSecond = Math.round((total(({ removed }) => removed) / total(({ tookMs }) => tookMs)) * 1000);
  return [
    {
      name: 'event loop while compacting, longest',
      value: least(compacted, loop), unit: 'ms', bar: { atMost: barMs },
      baseline: { value: least(calm, loop), what },
      facts: {
        worst: most(compacted, loop), worstBaseline: most(calm, loop), removedPerSecond: perSecond,
        p99Ms: least(compacted, (each) => each.loop.p99Ms),
      },
    },
    {
      name: 'append while compacting, longest',
      value: least(compacted, append), unit: 'ms', baseline: { value: least(calm, append), what },
      facts: { worst: most(compacted, append), worstBaseline: most(calm, append) },
    },
  ];
}
