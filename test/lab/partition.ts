// Partitions that leave the link up: inside the host, packets of one kind or of all but one partner are dropped.
import type { Host, Network } from './hosts.ts';
import { run, tryRun } from './processes.ts';

/** Raft, and gossip by UDP and TCP, between the Consul agents. */
const consulPorts = '8300-8302';
const agentPort = 8500;
const table = 'lab_partition';

/** Conditions of packets that do not come in, and of packets that do not go out. */
interface Drops {
  readonly input: readonly string[];
  readonly output: readonly string[];
}

export class Partitions {
  readonly #network: Network;
  readonly #cut = new Set<Host>();

  constructor(network: Network) {
    this.#network = network;
  }

  /** The host's Consul agent reaches no other one, nor do they reach it. */
  async fromConsul(host: Host): Promise<void> {
    const ports = (end: 'sport' | 'dport') => ['tcp', 'udp'].map((protocol) => `${protocol} ${end} ${consulPorts}`);
    const both = [...ports('sport'), ...ports('dport')];
    await this.#apply(host, 'inet', {
      input: both.map((rule) => `meta iifname != "lo" ${rule}`),
      output: both.map((rule) => `meta oifname != "lo" ${rule}`),
    });
  }

  /** The host's own programs do not reach its Consul agent, which is well. */
  async fromAgent(host: Host): Promise<void> {
    await this.#apply(host, 'inet', { input: [`meta iifname "lo" tcp dport ${agentPort}`], output: [] });
  }

  /** This UDP port of the others. */
  async fromPort(host: Host, port: number, others: readonly Host[]): Promise<void> {
    await this.#apply(host, 'inet', {
      input: others.map(({ address }) => `ip saddr ${address} udp dport ${port}`),
      output: others.map(({ address }) => `ip daddr ${address} udp dport ${port}`),
    });
  }

  async from(host: Host, other: Host): Promise<void> {
    await this.#apply(host, 'inet', { input: [`ip saddr ${other.address}`], output: [`ip daddr ${other.address}`] });
  }

  /**
   * Nobody but this one is left, and the lab, which looks at it. ARP goes with the rest, so that nobody is warned of
   * an address that is still in use.
   */
  async fromAllBut(host: Host, other: Host): Promise<void> {
    const left = `{ ${other.address}, ${this.#network.address(0, 1)} }`;
    await this.#apply(host, 'inet', {
      input: [`meta iifname != "lo" ip saddr != ${left}`],
      output: [`meta oifname != "lo" ip daddr != ${left}`],
    });
    await this.#apply(host, 'arp', { input: [`arp saddr ip != ${left}`], output: [`arp daddr ip != ${left}`] });
  }

  /** Everything that was cut is whole again. */
  async heal(): Promise<void> {
    for (const host of this.#cut) {
      for (const family of ['inet', 'arp']) await tryRun(this.#nft(host, `delete table ${family} ${table}`));
    }
    this.#cut.clear();
  }

  // Before anything else in the host sees the packet.
  async #apply(host: Host, family: string, drops: Drops): Promise<void> {
    this.#cut.add(host);
    const commands = [`add table ${family} ${table}`];
    for (const hook of ['input', 'output'] as const) {
      commands.push(`add chain ${family} ${table} ${hook} { type filter hook ${hook} priority -300; }`);
      for (const rule of drops[hook]) commands.push(`add rule ${family} ${table} ${hook} ${rule} drop`);
    }
    await run(this.#nft(host, commands.join('\n')));
  }

  #nft(host: Host, commands: string): string[] {
    return this.#network.inside(host, ['nft', commands]);
  }
}
