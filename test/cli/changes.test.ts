import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { wwnOf } from '../../src/cli/disk-spec.ts';
import { accepted, aCluster, aDisk, aNode, aPath } from './fake-agent.ts';
import { bench, fakeTerminal } from './fake-terminal.ts';

const add = 'disk add 00001 --memory --path 10.0.1.101/24@eth1 --path fd00::5/64@bond0:100';

test('disk add makes the whole disk from its options, signs it, waits, and says how to undo it', async () => {
  const { agent, pathwarden } = await bench();
  agent.onPost = () => {
    agent.cluster = aCluster();
    return accepted([{ type: 'spec.created' }]);
  };
  const { code, out } = await pathwarden(`${add} --initiator iqn.2026-01.net.example:a --reason "first one" --start`);
  expect(code).toBe(0);
  expect(out).toBe('disk 00001 is started\nundo: pathwarden disk stop 00001 && pathwarden disk remove 00001');
  const iqn = 'iqn.2026-01.io.pathwarden:00001';
  expect(agent.posted).toEqual([
    {
      actor: 'disk/00001',
      authorization: 'Bearer let-me-in',
      event: {
        type: 'operator.add',
        spec: {
          desired: 'started',
          iqn,
          wwn: wwnOf(iqn),
          backstore: { kind: 'memory' },
          access: { initiators: ['iqn.2026-01.net.example:a'] },
          paths: [
            { index: 1, ip: '10.0.1.101', prefix: 24, interface: 'eth1' },
            { index: 2, ip: 'fd00::5', prefix: 64, interface: 'bond0', vlan: 100 },
          ],
        },
        by: 'alice',
        reason: 'first one',
        waitMs: 30_000,
      },
    },
  ]);
});

test.each([
  ['--rbd rbd/one', { kind: 'rbd', pool: 'rbd', image: 'one' }],
  ['--rbd rbd/apart/one', { kind: 'rbd', pool: 'rbd', namespace: 'apart', image: 'one' }],
  ['--block /dev/mapper/mpatha', { kind: 'block', path: '/dev/mapper/mpatha' }],
  ['--lvm shared/one', { kind: 'lvm', group: 'shared', volume: 'one' }],
])('disk add takes its bytes from %s', async (options, backstore) => {
  const { agent, pathwarden } = await bench();
  await pathwarden(`disk add 00001 ${options} --path 10.0.1.1/24@eth1 --wait 0`);
  expect(agent.posted).toMatchObject([{ event: { spec: { backstore } } }]);
});

test('the name that initiators know a disk by is the same for ever, and locally assigned', () => {
  expect(wwnOf('iqn.2026-01.io.pathwarden:00001')).toBe(wwnOf('iqn.2026-01.io.pathwarden:00001'));
  expect(wwnOf('iqn.2026-01.io.pathwarden:00001')).not.toBe(wwnOf('iqn.2026-01.io.pathwarden:00002'));
  expect(wwnOf('iqn.2026-01.io.pathwarden:00001')).toBe('3324da681cf79c2c');
});

test.each([
  ['disk add 00001 --memory', 'at least one --path'],
  ['disk add 00001 --path 10.0.1.1/24@eth1', 'Give one of --rbd IMAGE'],
  ['disk add 00001 --memory --file /a --path 10.0.1.1/24@eth1', 'Give one of --rbd IMAGE'],
  ['disk add 00001 --memory --path 10.0.1.1@eth1', '--path must look like'],
  ['disk add 00001 --memory --path 10.0.1.300/24@eth1', '--path must look like'],
  ['disk add 00001 --memory --path 10.0.1.1/33@eth1', 'from 1 to 32'],
  ['disk add 00001 --memory --path 10.0.1.1/24@eth1:5000', 'from 1 to 4094'],
  ['disk add 00001 --rbd one --path 10.0.1.1/24@eth1', 'pool/image or pool/namespace/image'],
  ['disk add 00001 --rbd rbd/one@monday --path 10.0.1.1/24@eth1', 'pool/image or pool/namespace/image'],
  ['disk add 00001 --rbd a/b/c/d --path 10.0.1.1/24@eth1', 'pool/image or pool/namespace/image'],
  ['disk add 00001 --rbd rbd/one --memory --path 10.0.1.1/24@eth1', 'Give one of'],
  ['disk add 00001 --lvm shared --path 10.0.1.1/24@eth1', 'group/volume'],
  ['disk add 00001 --block sdb --path 10.0.1.1/24@eth1', 'absolute path'],
  ['disk add 00001 --file a.img --path 10.0.1.1/24@eth1', 'absolute path'],
  ['disk add 00001 --memory --path 10.0.1.1/24@eth1 --chap-user me', 'need each other'],
  ['disk add Big_1 --memory --path 10.0.1.1/24@eth1', 'give one with --iqn'],
  ['disk add a/b --memory --path 10.0.1.1/24@eth1', 'A disk id is'],
  ['path release 00001', 'as in 00001/1'],
  ['node confirm-down gw2', 'needs --reason'],
  ['disk start 00001 --wait soon', '--wait must be seconds'],
])('%s is refused before anything is sent', async (line, said) => {
  const { agent, pathwarden } = await bench();
  const { code, errors } = await pathwarden(line);
  expect(code).toBe(2);
  expect(errors).toContain(said);
  expect(errors.split('\n')).toHaveLength(1);
  expect(agent.posted).toEqual([]);
});

test('a whole disk can come from a file', async () => {
  const { agent, pathwarden } = await bench();
  const directory = await mkdtemp('/tmp/pathwarden-cli-');
  try {
    await writeFile(`${directory}/disk.yaml`, 'iqn: iqn.2026-01.net.example:x\nwwn: "3000000000000009"\n');
    expect((await pathwarden(`disk add x --spec ${directory}/disk.yaml --wait 0`)).code).toBe(0);
    const spec = { iqn: 'iqn.2026-01.net.example:x', wwn: '3000000000000009', desired: 'stopped' };
    expect(agent.posted[0]?.event['spec']).toEqual(spec);
    expect((await pathwarden(`disk add x --spec ${directory}/disk.yaml --memory`)).code).toBe(2);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test.each([
  ['--interface eth2', '--interface must look like eth2=ens2f0, not like eth2'],
  ['--interface eth2=ens2 --interface eth2=ens3', '--interface: eth2 is given two names, ens2 and ens3'],
])('disk import %s is refused before Ceph is asked', async (words, why) => {
  const { agent, pathwarden } = await bench();
  const { code, errors } = await pathwarden(`disk import no-pool/no-image ${words}`);
  expect(code).toBe(2);
  expect(errors).toContain(why);
  expect(agent.posted).toEqual([]);
});

test('disk stop waits until the disk is stopped', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster({ disks: [aDisk('00001', { status: 'stopping' })] });
  agent.onPost = () => {
    // Settles when the cluster has been looked at twice more.
    const seen = agent.requests.length;
    const stopped = aCluster({ disks: [aDisk('00001', { status: 'stopped' })] });
    const stopping = agent.cluster;
    Object.defineProperty(agent, 'cluster', { get: () => (agent.requests.length > seen + 2 ? stopped : stopping) });
    return accepted();
  };
  const { code, out } = await pathwarden('disk stop 00001');
  expect(code).toBe(0);
  expect(out).toBe('disk 00001 is stopped\nundo: pathwarden disk start 00001');
});

test('a change that does not settle in time is an error that says it goes on', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors } = await pathwarden('disk stop 00001 --wait 0.05');
  expect(code).toBe(1);
  expect(errors).toContain('has not settled: it goes on');
});

test('--wait 0 does not wait', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, out } = await pathwarden('disk stop 00001 --wait 0');
  expect(code).toBe(0);
  expect(out).toContain('accepted: operator.stop for disk/00001; not waiting');
  expect(agent.posted[0]?.event['waitMs']).toBe(0);
});

test('a state that does not take it is exit code 5, and says what it takes', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const body = { accepted: false, state: 'started', accepts: ['operator.stop', 'disk.changed'] };
  agent.onPost = () => ({ status: 409, body });
  const { code, errors } = await pathwarden('disk remove 00001 --force');
  expect(code).toBe(5);
  const said = 'disk/00001 is started and does not take operator.remove; it takes now: operator.stop';
  expect(errors).toBe(`pathwarden: ${said}`);
});

test('a refused intent is exit code 5 with its reason', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  agent.onPost = () => accepted([{ type: 'spec.removeRefused', reason: 'path 1 is locked' }]);
  const { code, out } = await pathwarden('disk remove 00001 --json');
  expect(code).toBe(5);
  const error = { code: 'NOT_ACCEPTED', facts: { reason: 'path 1 is locked' } };
  expect(JSON.parse(out)).toMatchObject({ ok: false, error });
});

test.each([
  ['disk stop 00001', 'Stop it?'],
  ['disk remove 00001', 'Remove it?'],
  ['path release 00001/1', 'Move it?'],
  ['node drain gw1', 'Drain it?'],
  ['node confirm-down gw3 --reason seen', 'down for certain?'],
])('%s asks on a terminal, and a no changes nothing', async (line, question) => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors, terminal } = await pathwarden(line, fakeTerminal({ interactive: true, yes: false }));
  expect(terminal.questions[0]).toContain(question);
  expect(errors).toBe('pathwarden: nothing was changed');
  expect(code).toBe(1);
  expect(agent.posted).toEqual([]);
});

test('--force does not ask', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const terminal = fakeTerminal({ interactive: true, yes: false });
  expect((await pathwarden('disk stop 00001 --force --wait 0', terminal)).code).toBe(0);
  expect(terminal.questions).toEqual([]);
});

test('path release is done when another node owns the path, and is undone by moving it back', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  agent.onPost = () => {
    agent.cluster = aCluster({ disks: [aDisk('00001', { paths: [aPath('00001', 1, { owner: 'gw2' })] })] });
    return accepted();
  };
  const { code, out } = await pathwarden('path release 00001/1 --to gw2');
  expect(code).toBe(0);
  expect(agent.posted[0]).toMatchObject({ actor: 'path/00001/1', event: { type: 'operator.release', to: 'gw2' } });
  expect(out).toBe('path 00001/1 has left gw1\nundo: pathwarden path release 00001/1 --to gw1');
});

test('path release to its own node or to an unknown one is refused', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  expect((await pathwarden('path release 00001/1 --to gw1')).code).toBe(5);
  expect((await pathwarden('path release 00001/1 --to gw7')).code).toBe(4);
  expect(agent.posted).toEqual([]);
});

test('node drain is done when the node owns nothing', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  agent.onPost = () => {
    agent.cluster = aCluster({ nodes: [aNode('gw1', { draining: { by: 'alice', reason: '-' } }), aNode('gw2')] });
    return accepted();
  };
  const { out } = await pathwarden('node drain gw1');
  expect(agent.posted[0]).toMatchObject({ actor: 'node', event: { type: 'operator.drain', node: 'gw1' } });
  expect(out).toBe('node gw1 is drained: it owns no path\nundo: pathwarden node undrain gw1');
});

const maintenance = { by: 'alice', reason: 'new switch', since: 0, until: null };

test('maintenance on is done when the cluster shows it, and says how it ends', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  agent.onPost = () => {
    agent.cluster = aCluster({ maintenance });
    return accepted();
  };
  const { out } = await pathwarden('maintenance on --for 2h --reason switch');
  expect(agent.posted[0]).toMatchObject({ actor: 'node', event: { type: 'operator.maintain', forMs: 7_200_000 } });
  expect(out).toBe('the cluster is in maintenance\nundo: pathwarden maintenance off');
});

test('maintenance of one node is begun and ended by its name', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  agent.onPost = () => {
    agent.cluster = aCluster({ nodes: [aNode('gw1', { maintenance }), aNode('gw2')] });
    return accepted();
  };
  const { out } = await pathwarden('maintenance on --node gw1 --reason memory');
  expect(out).toBe('gw1 is in maintenance\nundo: pathwarden maintenance off --node gw1');
  agent.onPost = () => {
    agent.cluster = aCluster();
    return accepted();
  };
  expect((await pathwarden('maintenance off --node gw1')).out).toContain('gw1 is not in maintenance');
  expect(agent.posted.map(({ event }) => event)).toMatchObject([
    { type: 'operator.maintain', node: 'gw1' }, { type: 'operator.endMaintenance', node: 'gw1' },
  ]);
});

test.each([
  ['maintenance on', 2, 'needs --reason'],
  ['maintenance on --reason x --for soon', 2, '--for must look like 30m, 2h or 1d'],
  ['maintenance on --reason x --for 31d', 2, '--for must look like'],
  ['maintenance on --reason x --node gw9', 4, 'There is no node gw9'],
  ['maintenance off --node gw9', 4, 'There is no node gw9'],
])('%s is refused', async (line, expected, said) => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors } = await pathwarden(line);
  expect(code).toBe(expected);
  expect(errors).toContain(said);
  expect(agent.posted).toEqual([]);
});

test('a living node cannot be confirmed down', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors } = await pathwarden('node confirm-down gw2 --reason "I think so"');
  expect(code).toBe(5);
  expect(errors).toContain('Node gw2 is alive: drain it instead');
  expect(agent.posted).toEqual([]);
});

test('a wrong token is exit code 6, and the token is never printed', async () => {
  const { agent, pathwarden, tokenFile } = await bench();
  agent.cluster = aCluster();
  await writeFile(tokenFile, 'gu3ssed');
  const { code, errors, out } = await pathwarden(`disk start 00001 --token-file ${tokenFile}`);
  expect(code).toBe(6);
  expect(errors).toBe('pathwarden: The operator token is wrong.');
  expect(errors + out).not.toContain('gu3ssed');
});

test('a token file that cannot be read says what to do', async () => {
  const { agent, pathwarden } = await bench();
  agent.cluster = aCluster();
  const { code, errors } = await pathwarden('disk start 00001 --token-file /nonexistent');
  expect(code).toBe(6);
  expect(errors).toContain('run this as root, or name a copy with --token-file');
});
