// Kills a real daemon where a point says, starts it again, and looks from outside whether all is as before.
import type { Run } from '../campaign.ts';
import { RealCluster } from './cluster.ts';
import type { RealPoint } from './points.ts';

const dieWithinMs = 10_000;

/** One cluster for all of them: each run leaves it as it found it. */
export class RealCampaign {
  #cluster: RealCluster | null = null;

  /** The seed says which time the moment is reached, and how long the process goes on before it dies. */
  async crash(point: RealPoint, seed: number): Promise<Run> {
    const failures: string[] = [];
    try {
      this.#cluster ??= await RealCluster.start();
      failures.push(...(await crashOnce(this.#cluster, point, seed)));
    } catch (error) {
      failures.push(String(error));
    }
    // What comes next must not suffer for it.
    if (failures.length > 0) await this.stop();
    return { point: point.name, seed, scenario: 'process', cuts: [point.moment], repeated: 0, failures };
  }

  async stop(): Promise<void> {
    await this.#cluster?.stop();
    this.#cluster = null;
  }
}

async function crashOnce(cluster: RealCluster, point: RealPoint, seed: number): Promise<readonly string[]> {
  const { victim } = cluster;
  await point.prepare(cluster);
  const sentence = { moment: point.moment, nth: 1, lingerMs: (seed - 1) * 0.7 };
  if (point.act === null) {
    victim.signal('SIGKILL');
    await victim.ended;
    await victim.start(sentence);
  } else {
    await victim.sentence(sentence);
    await point.act(cluster);
  }
  const tooLate = AbortSignal.timeout(dieWithinMs);
  const late = new Promise<string>((resolve) => {
    tooLate.addEventListener('abort', () => resolve('alive'), { once: true });
  });
  const ended = await Promise.race([victim.ended, late]);
  if (ended !== 'SIGKILL') return [`it never gets there: ${ended}`];
  const broken = await cluster.journalTrouble();
  if (broken !== null) return [broken];
  await victim.start();
  const trouble = await cluster.settled();
  return trouble === null ? [] : [`afterwards ${trouble}`];
}
