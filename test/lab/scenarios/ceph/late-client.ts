// A client of librbd on a host, without any target: it writes to an image of its own until it is refused.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { until } from '../../clock.ts';
import type { Host } from '../../hosts.ts';
import type { Lab } from '../../lab.ts';
import { keep, type Report } from '../../report.ts';
import { blocklisted, exitCodeOf } from './blocklisted.ts';

const image = 'rbd/late-client';
const bench = ['bench', '--io-type', 'write', '--io-size', '4096', '--io-threads', '1', '--io-total', '1T', image];

export class LateClient {
  readonly #lab: Lab;
  readonly #host: Host;
  readonly #ended: Promise<number | null>;

  private constructor(lab: Lab, host: Host) {
    this.#lab = lab;
    this.#host = host;
    this.#ended = exitCodeOf(lab.ceph.clientOn(host, 'rbd', ...bench));
  }

  /** It has the image open when this returns. */
  static async start(lab: Lab, host: Host): Promise<LateClient> {
    if (!(await lab.ceph.must('rbd', 'ls', 'rbd')).includes('late-client')) {
      await lab.ceph.must('rbd', 'create', image, '--size', '16M');
    }
    const client = new LateClient(lab, host);
    await until(`a client on ${host.name} has ${image} open`, 20_000, async () =>
      (await lab.ceph.must('rbd', 'status', image)).includes(`watcher=${host.address}:`),
    );
    return client;
  }

  /** The one that was there has ended; what another one tries changes nothing. Only now that it is proven. */
  async judge(report: Report): Promise<void> {
    const had = await this.#digest();
    const first = await this.#ended;
    const second = await exitCodeOf(this.#lab.ceph.clientOn(this.#host, 'rbd', ...bench));
    const changed = (await this.#digest()) !== had;
    keep(report, 'cephLateClientsRefused', [first, second].filter((code) => code === blocklisted).length);
    const wrong = (who: string, code: number | null) => `cephStaleWrite: the ${who} client ended with ${String(code)}`;
    if (first !== blocklisted) report.failures.push(wrong('old', first));
    if (second !== blocklisted) report.failures.push(wrong('new', second));
    if (changed) report.failures.push('cephStaleWrite: the image of the late client was written to');
  }

  async #digest(): Promise<string> {
    const file = `${this.#lab.folder}/late-client.img`;
    rmSync(file, { force: true });
    await this.#lab.ceph.must('rbd', 'export', '--no-progress', image, file);
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  }
}
