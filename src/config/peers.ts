// The other nodes, asked directly: heartbeats, and service without Consul.
import { Type } from 'typebox';
import { filePath, millis, section } from './fields.ts';

const address = (description: string, example: string) =>
  Type.String({
    pattern: '^(\\d{1,3}(\\.\\d{1,3}){3}|\\[[0-9A-Fa-f:.]+(%[\\w.-]+)?\\]):\\d{1,5}$',
    description,
    expects: 'ip:port, or [ip]:port for IPv6; no host name',
    examples: [example],
  });

const heartbeat = section('Heartbeats between the nodes', {
  everyMs: millis(
    'How often each node asks every other one',
    { least: 50, most: 10_000, normal: 200 },
    'Needless packets, and a busy host is late more often',
    'Refused above a third of `missedMs`: two lost packets would look like a lost node',
  ),
  missedMs: millis(
    'A node that did not answer for this long is missed',
    { least: 300, most: 60_000, normal: 1000 },
    'A node that is only busy is excluded, and fenced',
    'Gossip or the TTL finds the lost node first',
  ),
  exclude: Type.Boolean({
    default: true,
    description:
      'A node that the majority misses is excluded at once, without waiting for Consul to end its session. Proof is ' +
      'required all the same',
    examples: [true],
  }),
});

export const peers = section('The other nodes, asked directly over UDP. The same on all nodes; off without `listen`', {
  listen: Type.Optional(
    address('Where this node listens; `0.0.0.0` or `[::]` for every address of the host', '10.0.0.1:7481'),
  ),
  advertise: Type.Optional(
    Type.Unsafe<string>({
      ...address('Where other nodes reach this one', '10.0.0.1:7481'),
      dynamicDefault: '`peers.listen`',
    }),
  ),
  keyFile: Type.Optional(
    filePath(
      'File with the key that all nodes share, readable by its owner only: 32 bytes or more in hex, made with ' +
        '`openssl rand -hex 32`. Read again every few seconds',
      '/etc/pathwarden/peers.key',
    ),
  ),
  previousKeyFile: Type.Optional(
    filePath(
      'While this file exists, messages by its key are taken as well: for replacing the key without a gap',
      '/etc/pathwarden/peers-previous.key',
    ),
  ),
  heartbeat,
  failsafe: Type.Boolean({
    default: true,
    description:
      'Without Consul, this node goes on serving while every other node that is known says that it did not take over',
    examples: [true],
  }),
});
