// Peers that could not be reached, could not be believed, or would miss everybody are refused.
import { describe, expect, test } from 'vitest';
import { configNotices, type Mistake, parseConfig } from '../../src/config/config.ts';
import { PathwardenError } from '../../src/errors.ts';

const parse = (peers: string) => parseConfig(`peers: {${peers}}`, 'test.yaml', { hostname: 'gw9' });
const keyFile = 'keyFile: /etc/pathwarden/peers.key';

function firstMistake(peers: string): Mistake | undefined {
  try {
    parse(peers);
  } catch (error) {
    if (error instanceof PathwardenError) return (error.facts['mistakes'] as readonly Mistake[])[0];
    throw error;
  }
  return undefined;
}

test('peers are off until they are told where to listen', () => {
  const { peers } = parseConfig('', 'test.yaml', { hostname: 'gw9' });
  expect(peers).toEqual({ heartbeat: { everyMs: 200, missedMs: 1000, exclude: true }, failsafe: true });
});

describe('the address for others', () => {
  test.each(['10.0.0.1:7481', '"[fd00::1]:7481"'])('is where this node listens: %s', (listen) => {
    const { peers } = parse(`listen: ${listen}, ${keyFile}`);
    expect(peers.advertise).toBe(listen.replaceAll('"', ''));
  });

  test.each([
    ['listen: 0.0.0.0:7481, advertise: 10.0.0.1:7481', '10.0.0.1:7481'],
    ['listen: "[::]:7481", advertise: 10.0.0.1:7481', '10.0.0.1:7481'],
    ['listen: 10.0.0.1:7481, advertise: 192.0.2.1:9000', '192.0.2.1:9000'],
  ])('may be another one: %s', (addresses, advertise) => {
    expect(parse(`${addresses}, ${keyFile}`).peers.advertise).toBe(advertise);
  });

  test.each([
    ['listen: 0.0.0.0:7481', 'advertise', 'every address of this host'],
    ['listen: "[::]:7481"', 'advertise', 'every address of this host'],
    ['listen: 10.0.0.1:7481, advertise: "[0::0]:7481"', 'advertise', 'every address of this host'],
    ['listen: 10.0.0.1:7481, advertise: "[fd00::1]:7481"', 'advertise', 'this node listens on 10.0.0.1:7481'],
    ['listen: "[fd00::1]:7481", advertise: 10.0.0.1:7481', 'advertise', 'this node listens on [fd00::1]:7481'],
    ['listen: 10.0.0.1:0', 'listen', 'is no IP address and port'],
    ['listen: 10.0.0.999:7481', 'listen', 'is no IP address and port'],
    ['listen: 10.0.0.1:70000', 'listen', 'is no IP address and port'],
    ['listen: gw1:7481', 'listen', 'no host name'],
    ['listen: 10.0.0.1', 'listen', 'ip:port'],
  ])('that nobody could use is refused: %s', (addresses, key, reason) => {
    expect(firstMistake(`${addresses}, ${keyFile}`)).toMatchObject({
      key: `peers.${key}`,
      reason: expect.stringContaining(reason),
    });
  });

  test('that is loopback is said where real targets are served', () => {
    expect(configNotices(parse(`listen: 127.0.0.1:7481, ${keyFile}`))).toContainEqual(
      'peers.advertise is 127.0.0.1:7481: no other host reaches it',
    );
  });
});

describe('the key', () => {
  test('is needed where peers listen, and peers must listen where it is given', () => {
    expect(firstMistake('listen: 10.0.0.1:7481')).toMatchObject({
      key: 'peers.listen',
      reason: expect.stringContaining('without keyFile'),
    });
    expect(firstMistake(keyFile)).toMatchObject({
      key: 'peers.keyFile',
      reason: expect.stringContaining('the peers would stay off'),
    });
  });

  test('and the previous one are two', () => {
    const same = 'previousKeyFile: /etc/pathwarden/peers.key';
    expect(firstMistake(`listen: 10.0.0.1:7481, ${keyFile}, ${same}`)?.key).toBe('peers.previousKeyFile');
  });

  test('that stands in the configuration is refused and not repeated', () => {
    const mistake = firstMistake('listen: 10.0.0.1:7481, keyFile: 5a5a5a5a');
    expect(mistake?.key).toBe('peers.keyFile');
    expect(JSON.stringify(mistake)).not.toContain('5a5a5a5a');
  });
});

test('a node is missed after three heartbeats at the earliest, with the arithmetic shown', () => {
  expect(parse('heartbeat: {everyMs: 100, missedMs: 300}').peers.heartbeat.missedMs).toBe(300);
  expect(firstMistake('heartbeat: {everyMs: 400}')).toMatchObject({
    key: 'peers.heartbeat.missedMs',
    reason: expect.stringContaining('missedMs 1000 < 3 × everyMs 400 = 1200'),
    example: 'missedMs: 2000',
  });
});
