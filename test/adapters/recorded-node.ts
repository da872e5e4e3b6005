// A node whose `ip` shows what it is told to, and the commands that were run on it.
import { iproute2Address } from '../../adapters/address/iproute2.ts';
import { recordingRunner } from './recording-runner.ts';

export const address = { ip: '10.0.0.1', prefix: 24, interface: 'eth0' };

/** One address as `ip -j addr show` has it. */
export const link = (ip: string, over: object = {}) => ({ local: ip, prefixlen: 24, ...over });

/** What `ip -j addr show` prints of a node with these addresses. */
export const node = (...infos: object[]): string =>
  JSON.stringify([{ ifname: 'eth0', address: '02:00:00:00:00:01', addr_info: infos }]);

/** `asked`: the commands other than the look at the addresses. */
export function onNode(stdout: string, answers: Parameters<typeof recordingRunner>[0] = {}) {
  const recording = recordingRunner({ 'ip -j addr show': { stdout }, ...answers });
  const asked = () => recording.asked.map(({ argv }) => argv).filter((argv) => argv !== 'ip -j addr show');
  return { own: iproute2Address({ run: recording.run }), asked, recording };
}
