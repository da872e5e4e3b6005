// What the operator of a small cluster would write, with times that suit somebody who looks on.
import { stringify } from 'yaml';

export interface NodePlace {
  readonly name: string;
  /** Holds a directory for each node. */
  readonly root: string;
  readonly consulUrl: string;
  readonly portalPort: number;
  /** Where the other nodes ask it; they do not when left out. */
  readonly peerAddress?: string;
}

/** The key that all nodes share. */
export const peersKeyFile = (root: string): string => `${root}/peers.key`;

export const lockDelayMs = 1000;
export const selfWaitMs = 300;
const fenceDeadlineMs = 15_000;

const fenceProgram = import.meta.url.endsWith('.ts')
  ? new URL('./fence.ts', import.meta.url)
  : new URL('./fence.js', import.meta.url);

export function nodeConfig(place: NodePlace, inspectorPort: number): string {
  const { name, root, consulUrl, portalPort, peerAddress } = place;
  const fence = [process.execPath, fenceProgram.pathname, root, consulUrl, String(portalPort), '{node}'];
  return stringify({
    node: { name, stateDir: `${root}/${name}` },
    consul: { url: consulUrl, sessionNode: name },
    session: { lockDelayMs, nodeHealth: true },
    dataPlane: { kind: 'loopback', portalPort },
    exclusion: {
      methods: [
        { method: 'self', waitMs: selfWaitMs },
        { method: 'command', argv: fence, deadlineMs: fenceDeadlineMs },
      ],
    },
    ...(peerAddress === undefined ? {} : { peers: { listen: peerAddress, keyFile: peersKeyFile(root) } }),
    http: { port: inspectorPort },
  });
}
