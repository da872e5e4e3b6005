// What must never be, looked at each time that it could have come to be.
import { type MemoryHost, portalKey } from '../../adapters/memory-host.ts';
import type { Shape } from './shape.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

export interface Violation {
  readonly rule: Rule;
  readonly what: string;
  readonly atMs: number;
}

export type Rule =
  | 'two nodes serve one path'
  | 'a write of an excluded incarnation'
  | 'work after the own deadline'
  | 'served after the own deadline'
  | 'cleared with writes on their way'
  | 'fenced in maintenance'
  | 'taken in maintenance'
  | 'served after its lock was lost'
  | 'an excluded session opens a path'
  | 'the journal diverged'
  | 'an intent never settled'
  | 'a path is not served'
  | 'a daemon broke'
  | 'an innocent node was excluded'
  | 'a quorum loss interrupted service'
  | 'an innocent node did not come back';

export const portalPort = 3260;

export class Judge {
  /** The first violation; the run ends with it. */
  violation: Violation | null = null;
  readonly #world: World;
  readonly #trace: Trace;
  readonly #paths = new Map<string, string>();
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #onServing: ((path: string, node: string, serves: boolean) => void)[] = [];
  /** By path and node: what Consul's index was when it began to serve. */
  readonly #serving = new Map<string, Map<string, number>>();
  /** Does the storage refuse this node? Nobody can write to what it seems to serve. */
  refuses: (node: string) => boolean = () => false;
  /** Consul's index now. */
  indexNow: () => number = () => 0;

  constructor(shape: Shape, world: World, trace: Trace) {
    this.#world = world;
    this.#trace = trace;
    for (const { paths } of shape.disks) for (const { id, ip } of paths) this.#paths.set(ip, id);
  }

  /** Looks at this host whenever an address, a portal or a packet filter on it changes. */
  watch(host: MemoryHost): void {
    this.#hosts.set(host.node, host);
    const look = (key: unknown): void => this.#look(host, String(key).split(' ')[0] ?? '');
    for (const part of [host.addresses, host.portals, host.blocked] as Map<string, unknown>[]) {
      follow(part, ['set', 'delete'], look);
      follow(part, ['clear'], () => this.#lookAtAll(host));
    }
  }

  onServing(listener: (path: string, node: string, serves: boolean) => void): void {
    this.#onServing.push(listener);
  }

  /** The nodes on which the path answers, or would answer if its link were up. */
  servers(path: string): readonly string[] {
    return [...(this.#serving.get(path)?.keys() ?? [])];
  }

  /** Those of them that the storage takes writes from. More than one is a violation. */
  countWriters(path: string): number {
    const nodes = this.servers(path).filter((node) => !this.refuses(node));
    if (nodes.length > 1) this.violate('two nodes serve one path', `${path} is served by ${nodes.join(' and ')}`);
    return nodes.length;
  }

  /** Consul's index when the node began to serve the path; null: it does not. */
  servingSince(path: string, node: string): number | null {
    return this.#serving.get(path)?.get(node) ?? null;
  }

  /** From then on nothing that is served may stop being served. */
  forbidEnds(fromMs: number): void {
    this.onServing((path, node, serves) => {
      if (serves || this.#world.nowMs < fromMs) return;
      this.violate('a quorum loss interrupted service', `${node} no longer serves ${path}, and all nodes are healthy`);
    });
  }

  violate(rule: Rule, what: string): void {
    if (this.violation !== null) return;
    this.violation = { rule, what, atMs: this.#world.nowMs };
    this.#trace.note('!!!!', () => `${rule}: ${what}`);
    this.#world.stop();
  }

  #lookAtAll(host: MemoryHost): void {
    for (const ip of this.#paths.keys()) this.#look(host, ip);
  }

  #look(host: MemoryHost, ip: string): void {
    const path = this.#paths.get(ip);
    if (path === undefined) return;
    const nodes = this.#serving.get(path) ?? new Map<string, number>();
    this.#serving.set(path, nodes);
    const serves = isServing(host, ip);
    if (serves === nodes.has(host.node)) return;
    if (serves) nodes.set(host.node, this.indexNow());
    else nodes.delete(host.node);
    this.#trace.note(host.node, () => `${serves ? 'serves' : 'no longer serves'} ${path}`);
    this.countWriters(path);
    for (const listener of this.#onServing) listener(path, host.node, serves);
  }
}

const isServing = (host: MemoryHost, ip: string): boolean =>
  host.addresses.has(ip) && !host.blocked.has(ip) && host.portals.has(portalKey({ ip, port: portalPort }));

/** Calls back after each of these methods. */
function follow<Methods extends string>(
  part: { [Method in Methods]: (...given: never[]) => unknown },
  methods: readonly Methods[],
  then: (first: unknown) => void,
): void {
  for (const method of methods) {
    const real = part[method].bind(part) as (...given: unknown[]) => unknown;
    Object.assign(part, {
      [method]: (...given: unknown[]) => {
        const result = real(...given);
        then(given[0]);
        return result;
      },
    });
  }
}
