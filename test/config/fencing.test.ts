// Fencing that would fence the wrong node, or none, is refused before it is needed.
import { describe, expect, test } from 'vitest';
import { configNotices, type Mistake, parseConfig } from '../../src/config/config.ts';
import { PathwardenError } from '../../src/errors.ts';

const configOf = (...methods: readonly string[]): string =>
  ['exclusion:', '  methods:', ...methods.map((method) => `    - ${method}`)].join('\n');
const parse = (...methods: readonly string[]) => parseConfig(configOf(...methods), 'test.yaml', { hostname: 'gw9' });

function mistakesOf(...methods: readonly string[]): readonly Mistake[] {
  try {
    parse(...methods);
  } catch (error) {
    if (error instanceof PathwardenError) return error.facts['mistakes'] as readonly Mistake[];
    throw error;
  }
  return [];
}

const agent = (more: string): string => `{method: fenceAgent, agent: fence_apc, ${more}}`;

describe('a fence agent', () => {
  test('is told the nodes apart by a parameter or by a list', () => {
    const byName = agent('parameters: {ip: "{node}-ipmi", lanplus: true}');
    expect(parse(byName).exclusion.methods[0]).toMatchObject({ deadlineMs: 30_000, parameters: { lanplus: true } });
    const byList = agent('parameters: {ip: pdu}, nodes: {gw1: {plug: 1}, gw2: {plug: 2}}');
    expect(parse(byList).exclusion.methods[0]).toMatchObject({ nodes: { gw2: { plug: 2 } } });
  });

  test.each([
    ['parameters: {ip: pdu}', 'nodes', 'cannot know whom to fence'],
    ['nodes: {gw1: {plug: 1}, gw2: {plug: 1}}', 'nodes.gw1', 'one would be fenced for the other'],
    ['nodes: {gw1: {plug: 1}, gw2: {pulg: 2}}', 'nodes.gw2', 'it has pulg, and gw1 has plug'],
    ['parameters: {plug: 1}, nodes: {gw1: {plug: 1}}', 'nodes.gw1', 'plug is given in parameters, too'],
    ['parameters: {ip: "{node}", action: reboot}', 'parameters', 'action is set by pathwarden itself'],
  ])('that may fence the wrong node is refused: %s', (more, key, reason) => {
    expect(mistakesOf(agent(more))[0]).toMatchObject({
      key: `exclusion.methods.0.${key}`,
      reason: expect.stringContaining(reason),
    });
  });

  test('gets its password from a file, and one that stands in the configuration is not repeated', () => {
    const mistakes = mistakesOf(agent('parameters: {ip: "{node}", password: s3cr3t}'));
    expect(mistakes[0]).toMatchObject({
      key: 'exclusion.methods.0.parameters.password',
      example: 'secretFiles: { password: /etc/pathwarden/fence.password }',
    });
    const broken = mistakesOf(agent('parameters: {ip: "{node}", password: [s3cr3t]}'));
    expect(JSON.stringify([...mistakes, ...broken])).not.toContain('s3cr3t');
    expect(mistakesOf(agent('parameters: {ip: "{node}"}, secretFiles: {password: /etc/p}'))).toEqual([]);
  });

  test('is a program whose name begins with fence_, and a parameter is one line', () => {
    expect(mistakesOf('{method: fenceAgent, agent: reboot, nodes: {gw1: {plug: 1}}}')[0]?.key).toMatch(/agent$/);
    expect(mistakesOf(agent('parameters: {ip: "{node}", plug: "1\\naction=on"}'))[0]?.key).toMatch(/parameters$/);
  });

  test('that switches nothing off is said', () => {
    const notices = configNotices(parse('{method: fenceAgent, agent: fence_dummy, parameters: {plug: "{node}"}}'));
    expect(notices).toContainEqual(expect.stringContaining('fence_dummy switches nothing off'));
  });
});

describe('ceph', () => {
  const ceph = (nodes: string): string => `{method: ceph, conf: /dev/null, nodes: ${nodes}}`;

  test('is told the addresses of each node, and knows its user and its deadline by itself', () => {
    expect(parse('{method: ceph, nodes: {gw1: [10.0.2.1], gw2: [10.0.2.2, "fd00::2"]}}').exclusion.methods[0]).toEqual({
      method: 'ceph',
      conf: '/etc/ceph/ceph.conf',
      id: 'pathwarden',
      nodes: { gw1: ['10.0.2.1'], gw2: ['10.0.2.2', 'fd00::2'] },
      deadlineMs: 30_000,
    });
  });

  test('has the configuration file and the user that images are opened with, when it names none', () => {
    const text = 'ceph: { conf: /etc/ceph/blue.conf, id: gw1, via: krbd, mapOptions: "queue_depth=64,ms_mode=crc" }';
    const methodOf = (method: string) =>
      parseConfig(`${text}\n${configOf(method)}`, 'test.yaml', { hostname: 'gw9' }).exclusion.methods[0];
    const nodes = 'nodes: {gw1: [10.0.2.1]}';
    expect(methodOf(`{method: ceph, ${nodes}}`)).toMatchObject({ conf: '/etc/ceph/blue.conf', id: 'gw1' });
    const own = `{method: ceph, conf: /etc/ceph/red.conf, id: fence, ${nodes}}`;
    expect(methodOf(own)).toMatchObject({ conf: '/etc/ceph/red.conf', id: 'fence' });
  });

  test('images are opened by a target that can, and mapped for any other', () => {
    const viaOf = (text: string) => parseConfig(text, 'test.yaml', { hostname: 'gw9' }).ceph.via;
    expect(viaOf('')).toBe('librbd');
    expect(viaOf('dataPlane: { kind: memory }')).toBe('krbd');
    expect(viaOf('ceph: { via: nbd, mapOptions: timeout=0 }')).toBe('nbd');
  });

  test.each([
    'ceph: { via: nfs }', 'ceph: { conf: ceph.conf }', 'ceph: { via: krbd, mapOptions: "noudev; reboot" }',
    'ceph: { mapOptions: ms_mode=crc }', '{ ceph: { via: librbd }, dataPlane: { kind: memory } }',
  ])(
    'refuses %s',
    (text) => expect(() => parseConfig(text, 'test.yaml', { hostname: 'gw9' })).toThrow('one mistake'),
  );

  test.each([
    ['{gw1: [10.0.2.1], gw2: [10.0.2.1]}', '10.0.2.1 is given for gw2, too'],
    ['{gw1: ["fd00::1"], gw2: ["FD00:0:0::1"]}', 'fd00::1 is given for gw2, too'],
    ['{gw1: [10.0.2.1], gw2: ["::ffff:10.0.2.1"]}', '10.0.2.1 is given for gw2, too'],
    ['{gw1: [127.0.0.1]}', '127.0.0.1 belongs to every host'],
    ['{gw1: ["::1"]}', '::1 belongs to every host'],
    ['{gw1: [0.0.0.0]}', '0.0.0.0 belongs to every host'],
  ])('that may fence the wrong node is refused: %s', (nodes, reason) => {
    expect(mistakesOf(ceph(nodes))[0]).toMatchObject({
      key: 'exclusion.methods.0.nodes.gw1',
      reason: expect.stringContaining(reason),
    });
  });

  test.each(['{}', '{gw1: []}', '{gw1: [10.0.2.0/24]}', '{gw1: ["10.0.2.1:0/123"]}', '{gw1: [gw1.example.net]}'])(
    'takes whole addresses only, and at least one: %s',
    (nodes) => expect(mistakesOf(ceph(nodes))[0]?.key).toMatch(/^exclusion\.methods\.0/),
  );
});

describe('ssh poweroff', () => {
  const hint = '{method: sshPoweroff, destination: "root@{node}"}';

  test('is taken in front of a method that proves', () => {
    expect(parse(hint, '{method: command, argv: [/bin/off, "{node}"]}').exclusion.methods[0]).toMatchObject({
      method: 'sshPoweroff',
      deadlineMs: 3000,
    });
  });

  test.each([[[hint]], [[hint, '{method: self, waitMs: 0}']]])('is refused as the last word: %j', (methods) => {
    expect(mistakesOf(...methods)[0]).toMatchObject({
      key: 'exclusion.methods.0.method',
      reason: 'sshPoweroff is a hint and never proof: a method that proves must come after it',
    });
  });
});

test('a watchdog under a daemon that leaves its paths served when it stops is said', () => {
  const config = parseConfig('watchdog: {mode: required}', 'test.yaml', { hostname: 'gw9' });
  expect(configNotices(config)).toContainEqual(expect.stringContaining('stop the daemon for longer'));
});
