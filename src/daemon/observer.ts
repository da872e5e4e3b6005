// Reads back what the node serves. Reads that are asked for at the same time share one look.
import type { Json } from '../../machines/intent.ts';
import { sameJson } from '../core/json.ts';
import type { Address, DataPlane, TargetSight, TargetView } from '../ports/dataplane.ts';
import { plainIp } from '../ports/ip.ts';
import { done, type Outcome } from '../ports/outcome.ts';

export interface Sight {
  /** By `addressKey`: the same IP elsewhere, or with another prefix, is not ours. */
  readonly addresses: ReadonlySet<string>;
  /** By `portalKey`. */
  readonly portals: ReadonlySet<string>;
  /** By IQN. */
  readonly targets: ReadonlyMap<string, TargetSight>;
}

export const addressKey = ({ ip, prefix, interface: name }: Address): string =>
  `${plainIp(ip)}/${String(prefix)} ${name}`;
export const portalKey = (ip: string, port: number): string => `${plainIp(ip)} ${String(port)}`;

export class Observer {
  readonly #dataPlane: DataPlane;
  readonly #deadlineMs: number;
  #last: Sight | null = null;
  #read: Read | null = null;
  #current: Promise<Outcome<Sight>> | null = null;
  #next: Promise<Outcome<Sight>> | null = null;

  constructor(dataPlane: DataPlane, deadlineMs: number) {
    this.#dataPlane = dataPlane;
    this.#deadlineMs = deadlineMs;
  }

  /** As of the last look that succeeded; null before it. */
  get last(): Sight | null {
    return this.#last;
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
    const read = { addresses: addresses.value, target: target.value };
    // Nearly always nothing is different: what was made of it then is kept.
    if (this.#last === null || !sameJson(read as object as Json, this.#read as object as Json)) {
      this.#last = sightOf(read);
      this.#read = read;
    }
    return done(this.#last);
  }
}

interface Read {
  readonly addresses: readonly Address[];
  readonly target: TargetView;
}

const sightOf = ({ addresses, target: { portals, targets } }: Read): Sight => ({
  addresses: new Set(addresses.map(addressKey)),
  portals: new Set(portals.map(({ ip, port }) => portalKey(ip, port))),
  targets: new Map(targets.map((target) => [target.iqn, target])),
});
