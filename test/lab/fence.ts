// The lab's power switch. Gateways reach it out of band, over a socket in the file system, as they would reach a PDU.
import { now, sleep } from './clock.ts';
import { createServer, type Server, type Socket } from 'node:net';
import { endpointOf } from './endpoint.ts';

export interface FenceAnswer {
  /** The host is verified off. */
  readonly proven: boolean;
  readonly evidence: string;
  /** How long the whole command takes at least. */
  readonly atLeastMs?: number;
}

export interface FenceRequest {
  readonly node: string;
  readonly at: number;
  readonly answer: FenceAnswer;
}

export class PowerSwitch {
  /** Where it listens, as `fence-client.ts` takes it. */
  readonly socket: string;
  readonly requests: FenceRequest[] = [];
  /** The switch does not answer to anybody: no proof can be had. */
  broken = false;
  /** How long a fence command takes at least. */
  atLeastMs = 0;
  /** Set: no power is touched; the switch waits until this moment (monotonic ms), and says that the host is off. */
  provesFrom: number | undefined;
  #underWay = 0;
  readonly #server: Server;

  private constructor(socket: string, server: Server) {
    this.socket = socket;
    this.#server = server;
  }

  /** `powerOff` takes the host down and gives the evidence, or throws when it is not proven off. */
  static async open(listen: string, powerOff: (node: string) => Promise<string>): Promise<PowerSwitch> {
    const server = createServer();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', reject);
    server.listen(endpointOf(listen), resolve);
    await promise;
    const address = server.address();
    const socket = typeof address === 'object' && address !== null ? `${address.address}:${address.port}` : listen;
    const power = new PowerSwitch(socket, server);
    server.on('connection', (connection) => void power.#serve(connection, powerOff));
    return power;
  }

  /** Nobody waits for an answer of it. */
  get idle(): boolean {
    return this.#underWay === 0;
  }

  /** It works again, at once. */
  restore(): void {
    this.broken = false;
    this.atLeastMs = 0;
    this.provesFrom = undefined;
  }

  close(): void {
    this.#server.close();
  }

  async #serve(connection: Socket, powerOff: (node: string) => Promise<string>): Promise<void> {
    connection.on('error', () => {});
    connection.setEncoding('utf8');
    for await (const line of connection.iterator({ destroyOnReturn: false })) {
      const node = String(line).trim();
      this.#underWay += 1;
      const answer = await this.#fence(node, powerOff);
      this.#underWay -= 1;
      this.requests.push({ node, at: now(), answer });
      connection.end(JSON.stringify({ ...answer, atLeastMs: this.atLeastMs } satisfies FenceAnswer));
      return;
    }
  }

  async #fence(node: string, powerOff: (node: string) => Promise<string>): Promise<FenceAnswer> {
    if (this.provesFrom !== undefined) {
      await sleep(Math.max(0, this.provesFrom - now()));
      return { proven: true, evidence: 'by time alone, whatever the host does' };
    }
    if (this.broken) return { proven: false, evidence: 'the power switch does not work' };
    try {
      return { proven: true, evidence: await powerOff(node) };
    } catch (error) {
      return { proven: false, evidence: String(error) };
    }
  }
}
