// A daemon that knows nothing of what its node serves, and a node that somebody changes by hand.
import { now, sleep, until } from '../clock.ts';
import type { Host } from '../hosts.ts';
import type { Lab, LabPath } from '../lab.ts';
import { run } from '../processes.ts';
import { keep, type Report } from '../report.ts';
import { undisturbed } from './restart.ts';
import type { Scenario } from './scenario.ts';

export const reinstall: Scenario = {
  name: 'reinstall',
  what: 'a daemon is killed, its state directory is wiped, and it is started again',
  run: (lab, report) =>
    undisturbed(lab, report, 'reinstall', 'n1', async () => {
      await lab.gateway('n1').kill();
      lab.gateway('n1').wipe();
    }),
};

export const byHand: Scenario = {
  name: 'by-hand',
  what: 'somebody changes a serving node by hand, next to things on it that are not ours',
  async run(lab, report) {
    const host = lab.gateway('n3').host;
    const node = new Hands(lab, host);
    await node.plantForeign();
    const before = await node.foreign();
    const changes: readonly (readonly [string, (path: LabPath) => Promise<unknown>])[] = [
      ['PortalClosed', ({ ip, port }) => node.tgt('portal', 'delete', '--param', `portal=${ip}:${String(port)}`)],
      ['AddressRemoved', ({ ip }) => node.ip('addr', 'del', `${ip}/${String(lab.network.prefixLength)}`)],
      ['AccessChanged', ({ disk }) => node.tgt('target', 'unbind', '--tid', tid(disk), '-I', 'ALL')],
      ['TargetDeleted', ({ disk }) => node.tgt('target', 'delete', '--force', '--tid', tid(disk))],
    ];
    for (const [what, change] of changes) await changed(lab, report, node, what, change);
    const after = await node.foreign();
    if (after !== before) report.failures.push(`byHand: what is not ours was touched: ${before} became ${after}`);
    await node.removeForeign();
  },
};

/** One change, and how long it takes until the path can be written to again. */
async function changed(
  lab: Lab,
  report: Report,
  node: Hands,
  what: string,
  change: (path: LabPath) => Promise<unknown>,
): Promise<void> {
  await lab.settled();
  await lab.balance();
  const [path] = lab.pathsOf(node.host.name);
  if (path === undefined) throw new Error(`${node.host.name} serves no path`);
  const from = now();
  await change(path);
  // Longer than the node takes to look at itself.
  await sleep(2500);
  await until(`${path.name} is served after ${what}`, 20_000, () => lab.server(path) !== undefined);
  await until(`${path.name} is written to after ${what}`, 20_000, () => isWritten(lab, path), 100);
  const server = lab.server(path);
  if (server === node.host.name && !(await node.isWhole(path.disk))) {
    report.failures.push(`byHand: ${what} of ${path.name} was not put right`);
  }
  keep(report, `byHand${what}PutRightMs`, now() - from);
}

async function isWritten(lab: Lab, { name }: LabPath): Promise<boolean> {
  const figures = await lab.initiator.figures(now() - 400, now());
  return figures.some(({ path, failed, latenciesMs }) => path === name && failed === 0 && latenciesMs.length > 3);
}

const foreignIqn = 'iqn.2020-01.com.example:theirs';
const foreignIp = '192.0.2.9';
const foreignTid = '4242';

/** Commands that an operator types on a host. */
class Hands {
  readonly host: Host;
  readonly #lab: Lab;

  constructor(lab: Lab, host: Host) {
    this.#lab = lab;
    this.host = host;
  }

  tgt(mode: string, op: string, ...rest: readonly string[]): Promise<string> {
    const control = String(this.#lab.targets.controlPort(this.host));
    return this.#run('tgtadm', '-C', control, '--lld', 'iscsi', '--mode', mode, '--op', op, ...rest);
  }

  ip(...argv: readonly string[]): Promise<string> {
    return this.#run('ip', ...argv, 'dev', this.#lab.network.interface);
  }

  async plantForeign(): Promise<void> {
    await this.ip('addr', 'add', `${foreignIp}/24`);
    await this.tgt('target', 'new', '--tid', foreignTid, '-T', foreignIqn);
    await this.tgt('portal', 'new', '--param', `portal=${foreignIp}:3260`);
  }

  /** All of it as text, to be compared. */
  async foreign(): Promise<string> {
    const [addresses, portals, targets] = [
      await this.#run('ip', '-o', 'addr', 'show', 'to', foreignIp), await this.tgt('portal', 'show'),
      await this.tgt('target', 'show'),
    ];
    const has = (text: string, what: string) => `${what}: ${String(text.includes(what))}`;
    return [has(addresses, foreignIp), has(portals, `${foreignIp}:3260`), has(targets, foreignIqn)].join(', ');
  }

  async removeForeign(): Promise<void> {
    await this.tgt('portal', 'delete', '--param', `portal=${foreignIp}:3260`);
    await this.tgt('target', 'delete', '--tid', foreignTid);
    await this.ip('addr', 'del', `${foreignIp}/24`);
  }

  /** The target of the disk has its LUN and lets everybody in. */
  async isWhole(disk: string): Promise<boolean> {
    const text = await this.tgt('target', 'show');
    const own = text.split(/^Target /m).find((part) => part.includes(`:${disk}\n`)) ?? '';
    return own.includes('LUN: 1') && /ACL information:\s+ALL/.test(own);
  }

  #run(...argv: readonly string[]): Promise<string> {
    return run(this.#lab.network.inside(this.host, argv));
  }
}

/** As the adapter derives it from the wwn of the lab's disks, whose numbers they end in. */
const tid = (disk: string): string => String(Number.parseInt(disk.slice(-2), 16));
