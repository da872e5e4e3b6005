// Reads back what the node serves. Reads that are asked for at the same time share one look.
import { done, type Outcome } from '../ports/outcome.ts';
import type { Address, DataPlane, TargetSight } from '../ports/dataplane.ts';

export interface Sight {
  /** By `addressKey`: the same IP elsewhere, or with another prefix, is not ours. */
  readonly addresses: ReadonlySet<string>;
  /** By `portalKey`. */
  readonly portals: ReadonlySet<string>;
  /** By IQN. */
  readonly targets: ReadonlyMap<string, TargetSight>;
}

export const addressKey = ({ ip, prefix, interface: name }: Address): string =>
  `${plain(ip)}/${String(prefix)} ${name}`;
export const portalKey = (ip: string, port: number): string => `${plain(ip)} ${String(port)}`;

/** The kernel spells IPv6 addresses in one way, people in several. */
const plain = (ip: string): string => (ip.includes(':') ? new URL(`http://[${ip}]/`).hostname.slice(1, -1) : ip);

export class Observer {
  readonly #dataPlane: DataPlane;
  readonly #deadlineMs: number;
  #current: Promise<Outcome<Sight>> | null = null;
  #next: Promise<Outcome<Sight>> | null = null;

  constructor(dataPlane: DataPlane, deadlineMs: number) {
    this.#dataPlane = dataPlane;
    this.#deadlineMs = deadlineMs;
  }

  /** A look that begins after this call: one that runs already may have missed what the caller just did. */
  look(): Promise<Outcome<Sight>> {
    this.#next ??= (this.#current ?? Promise.resolve()).then(() => {
      const mine = this.#look();
      this.#current = mine;
      this.#next = null;
      return mine;
    });
    return this.#next;
  }

  async #look(): Promise<Outcome<Sight>> {
    const options = { deadlineMs: this.#deadlineMs };
    const [addresses, target] = await Promise.all([
      this.#dataPlane.address.observe(options),
      this.#dataPlane.target.observe(options),
    ]);
    if (addresses.kind !== 'done') return addresses;
    if (target.kind !== 'done') return target;
    return done({
      addresses: new Set(addresses.value.map(addressKey)),
      portals: new Set(target.value.portals.map(({ ip, port }) => portalKey(ip, port))),
      targets: new Map(target.value.targets.map((target) => [target.iqn, target])),
    });
  }
}
