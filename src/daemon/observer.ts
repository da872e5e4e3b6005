// Reads back what the node serves. Reads that are asked for at the same time share one look.
import { done, type Outcome } from '../ports/outcome.ts';
import type { DataPlane } from '../ports/dataplane.ts';

export interface Sight {
  readonly addresses: ReadonlySet<string>;
  /** `ip port` */
  readonly portals: ReadonlySet<string>;
  readonly targets: ReadonlySet<string>;
}

export const portalKey = (ip: string, port: number): string => `${ip} ${String(port)}`;

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
      addresses: new Set(addresses.value.map(({ ip }) => ip)),
      portals: new Set(target.value.portals.map(({ ip, port }) => portalKey(ip, port))),
      targets: new Set(target.value.targets.map(({ iqn }) => iqn)),
    });
  }
}
