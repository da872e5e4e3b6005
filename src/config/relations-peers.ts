// What must hold for the peers, so that they reach each other and miss nobody without need.
import { isIP } from 'node:net';
import type { Finding } from './mistake.ts';
import type { Config } from './schema.ts';

const sample = '10.0.0.1:7481';

/** Each of these alone would leave the peers off, without a word. */
export function peersAreOnOrOff({ peers }: Config): readonly Finding[] {
  if (peers.listen === undefined) {
    const given = (['advertise', 'keyFile', 'previousKeyFile'] as const).find((name) => peers[name] !== undefined);
    if (given === undefined) return [];
    const reason = `${given} is given without listen: the peers would stay off`;
    return [{ path: ['peers', given], reason, example: `listen: ${sample}` }];
  }
  if (peers.keyFile === undefined) {
    const reason = 'listen is given without keyFile: nobody could be believed';
    return [{ path: ['peers', 'listen'], reason, example: 'keyFile: /etc/pathwarden/peers.key' }];
  }
  if (peers.keyFile !== peers.previousKeyFile) return [];
  const reason = 'it is the same file as keyFile';
  const example = 'previousKeyFile: /etc/pathwarden/peers-previous.key';
  return [{ path: ['peers', 'previousKeyFile'], reason, example }];
}

export function peersCanBeReached({ peers: { listen, advertise } }: Config): readonly Finding[] {
  if (listen === undefined || advertise === undefined) return [];
  const wrong = Object.entries({ listen, advertise }).find(([, address]) => endpointOf(address) === null);
  if (wrong !== undefined) {
    const [name, address] = wrong;
    return [{ path: ['peers', name], reason: `${address} is no IP address and port`, example: `${name}: ${sample}` }];
  }
  const finding = (reason: string, example = `advertise: ${sample}`): Finding[] => [
    { path: ['peers', 'advertise'], reason, example },
  ];
  if (isWildcard(advertise)) {
    return finding(`${advertise} is every address of this host: others need one at which they reach it`);
  }
  const [own, told] = [endpointOf(listen), endpointOf(advertise)];
  if (own === told || (own === 6 && isWildcard(listen))) return [];
  return finding(`others would ask ${advertise}, and this node listens on ${listen}`, `advertise: ${listen}`);
}

export function missesAfterSeveralBeats({ peers: { heartbeat } }: Config): readonly Finding[] {
  const { everyMs, missedMs } = heartbeat;
  if (missedMs >= 3 * everyMs) return [];
  const reason =
    `missedMs ${String(missedMs)} < 3 × everyMs ${String(everyMs)} = ${String(3 * everyMs)}: ` +
    'two lost packets would look like a lost node';
  return [{ path: ['peers', 'heartbeat', 'missedMs'], reason, example: `missedMs: ${String(5 * everyMs)}` }];
}

/** 4 or 6; null for what is no address after all. */
function endpointOf(address: string): number | null {
  const [, ip = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return isIP(ip) !== 0 && Number(port) >= 1 && Number(port) <= 65_535 ? isIP(ip) : null;
}

/** All digits are zero, in every spelling of it. */
const isWildcard = (address: string): boolean => /^[[\]0:.]*$/.test(address.replace(/:\d+$/, ''));
