// The exact commands that the adapters run, and that a bad answer never leads to a change.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { iproute2Address } from '../../adapters/address/iproute2.ts';
import { tgtTarget } from '../../adapters/target/tgt.ts';
import { address, link, node, onNode } from './recorded-node.ts';
import { recordingRunner } from './recording-runner.ts';

const patience = { deadlineMs: 1000 };
const done = { kind: 'done', value: null };
const tgtadm = 'tgtadm -C 7 --lld iscsi --mode';
const iqn = 'iqn.2026-11.io.pathwarden:00001';
const portal = { iqn, ip: '10.0.0.1', port: 3260 };
const spec = {
  disk: '00001',
  iqn,
  wwn: 'aabbccdd0000000f',
  access: { initiators: [] },
  backing: { kind: 'file' as const, path: '/images/1', sizeBytes: 1 },
};

/** What tgtadm shows of one whole target. */
const shown = (state: 'ready' | 'offline', over: { sessions?: string } = {}): string => `Target 15: ${iqn}
    System information:
        Driver: iscsi
        State: ${state}
    I_T nexus information:
${over.sessions ?? ''}    LUN information:
        LUN: 0
            Type: controller
            Size: 0 MB, Block size: 1
        LUN: 1
            Type: disk
            SCSI ID: PATHWRDNaabbccdd0000000f
            SCSI SN: aabbccdd0000000f
            Size: 67 MB, Block size: 512
            Backing store path: /images/1
            Backing store flags:${' '}
    Account information:
    ACL information:
        ALL
`;

describe('tgtadm', () => {
  const at = (answers: Parameters<typeof recordingRunner>[0] = {}) => {
    const recording = recordingRunner(answers);
    return { target: tgtTarget({ run: recording.run, controlPort: 7 }), recording };
  };
  const changes = ({ asked }: ReturnType<typeof recordingRunner>): string[] =>
    asked.map(({ argv }) => argv).filter((argv) => !argv.endsWith('--op show') && !argv.startsWith('ss -H'));

  test('defines a target with its number from the wwn, and lets initiators in last', async () => {
    const { target, recording } = at();
    expect(await target.ensureDefined(spec, patience)).toEqual(done);
    const names = 'vendor_id=PATHWRDN,product_id=DISK,scsi_id=PATHWRDNaabbccdd0000000f,scsi_sn=aabbccdd0000000f';
    expect(changes(recording)).toEqual([
      `${tgtadm} target --op new --tid 15 --targetname ${iqn}`,
      `${tgtadm} target --op update --tid 15 --name state --value offline`,
      `${tgtadm} logicalunit --op new --tid 15 --lun 1 --backing-store /images/1 --bsoflags sync:direct`,
      `${tgtadm} target --op update --tid 15 --name DefaultTime2Wait --value 0`,
      `${tgtadm} logicalunit --op update --tid 15 --lun 1 --params ${names}`,
      `${tgtadm} target --op bind --tid 15 --initiator-address ALL`,
    ]);
  });

  test('changes nothing of a target that is whole, open or closed', async () => {
    for (const state of ['ready', 'offline'] as const) {
      const { target, recording } = at({ [`${tgtadm} target --op show`]: { stdout: shown(state) } });
      expect(await target.ensureDefined(spec, patience)).toEqual(done);
      expect(changes(recording)).toEqual([]);
    }
  });

  test('lets the new initiators in before it shuts out the old', async () => {
    const { target, recording } = at({ [`${tgtadm} target --op show`]: { stdout: shown('ready') } });
    await target.ensureDefined({ ...spec, access: { initiators: ['iqn.a:b'] } }, patience);
    expect(changes(recording)).toEqual([
      `${tgtadm} target --op bind --tid 15 --initiator-name iqn.a:b`,
      `${tgtadm} target --op unbind --tid 15 --initiator-address ALL`,
    ]);
  });

  test('has the CHAP accounts bound before initiators are let in, and hides their secrets', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pathwarden-'));
    const [secretFile, targetFile] = [join(folder, 'secret'), join(folder, 'target-secret')];
    await writeFile(secretFile, 'correcthorse1\n');
    await writeFile(targetFile, 'batterystaple\n');
    const chap = { user: 'ada', secretFile, mutual: { user: 'disk', secretFile: targetFile } };
    const { target, recording } = at();
    await target.ensureDefined({ ...spec, access: { initiators: [], chap } }, patience);
    await rm(folder, { recursive: true });
    expect(changes(recording).slice(-5)).toEqual([
      `${tgtadm} account --op new --user ada --password correcthorse1`,
      `${tgtadm} account --op bind --tid 15 --user ada`,
      `${tgtadm} account --op new --user disk --password batterystaple`,
      `${tgtadm} account --op bind --tid 15 --user disk --outgoing`,
      `${tgtadm} target --op bind --tid 15 --initiator-address ALL`,
    ]);
    const given = recording.asked.filter(({ argv }) => argv.includes('--password'));
    const both = ['correcthorse1', 'batterystaple'];
    expect(given.map(({ options }) => options.secrets)).toEqual([both, both]);
  });

  test('opens a portal: the target first, then the address', async () => {
    const { target, recording } = at({ [`${tgtadm} target --op show`]: { stdout: shown('offline') } });
    expect(await target.ensureOpen(portal, patience)).toEqual(done);
    expect(await target.ensureOpen({ ...portal, ip: 'fd00::1' }, patience)).toEqual(done);
    expect(changes(recording)).toEqual([
      `${tgtadm} target --op update --tid 15 --name state --value ready`,
      `${tgtadm} portal --op new --param portal=10.0.0.1:3260`,
      `${tgtadm} target --op update --tid 15 --name state --value ready`,
      `${tgtadm} portal --op new --param portal=[fd00::1]:3260`,
    ]);
  });

  test('closes a portal: no new connections, then none at all', async () => {
    const { target, recording } = at({
      [`${tgtadm} portal --op show`]: { stdout: 'Portal: 10.0.0.10:3260,1\nPortal: 10.0.0.1:3260,1\n' },
      [`${tgtadm} target --op show`]: { stdout: shown('ready') },
    });
    expect(await target.ensureClosed(portal, patience)).toEqual(done);
    expect(changes(recording)).toEqual([
      `${tgtadm} portal --op delete --param portal=10.0.0.1:3260`,
      'ss -K -H -t -n state connected src 10.0.0.1 sport = :3260',
    ]);
  });

  test('does not take a session without a socket for ended', async () => {
    const busy = '        I_T nexus: 6\n            Initiator: iqn.a:b alias: none\n            Connection: 0\n';
    const listed = `${busy}                IP Address: 10.0.0.9\n`;
    for (const sessions of [busy, listed]) {
      const { target } = at({ [`${tgtadm} target --op show`]: { stdout: shown('offline', { sessions }) } });
      expect(await target.ensureClosed(portal, { deadlineMs: 50 })).toMatchObject({ kind: 'unknown' });
    }
    const { target } = at({
      [`${tgtadm} target --op show`]: { stdout: shown('ready', { sessions: listed }) },
      'ss -H': { stdout: 'ESTAB 0      0          10.0.0.10:3260     10.0.0.9:42032       \n' },
    });
    expect(await target.ensureClosed(portal, patience)).toEqual(done);
  });

  const bad = {
    'no answer': 'unknown' as const,
    'an error': { code: 107, stderr: 'tgtadm: failed to send request hdr' },
    'half a list': { stdout: shown('ready').split('    ACL')[0] ?? '' },
    'a line that it does not know': { stdout: `Surprise\n${shown('ready')}` },
    'something else': { stdout: 'busy, try again later\n' },
  };
  test.each(Object.entries(bad))('changes nothing and stays unknown after %s', async (_, answer) => {
    for (const mode of ['target', 'portal']) {
      const { target, recording } = at({ [`${tgtadm} ${mode} --op show`]: answer });
      expect(await target.observe(patience)).toMatchObject({ kind: 'unknown' });
      expect(await target.ensureOpen(portal, patience)).not.toEqual(done);
      expect(await target.ensureDefined(spec, patience)).toMatchObject({ kind: 'unknown' });
      expect(changes(recording)).toEqual([]);
    }
    const { target } = at({ [`${tgtadm} target --op show`]: answer });
    expect(await target.ensureRemoved(spec, patience)).toMatchObject({ kind: 'unknown' });
    expect(await target.ensureClosed(portal, patience)).toMatchObject({ kind: 'unknown' });
  });

  test('is refused with the package when it is missing', async () => {
    const { target } = at({ tgtadm: 'missing' });
    expect(await target.observe(patience)).toEqual({
      kind: 'refused',
      reason: 'tgtadm is not installed (Debian package tgt)',
      code: 'missing',
    });
  });
});

describe('ip and arping', () => {
  test('add exactly the address that is missing', async () => {
    const { own, asked } = onNode(node(link('10.0.0.10'), link('10.0.0.19'), link('110.0.0.1')));
    expect(await own.ensureAdded(address, patience)).toEqual(done);
    expect(asked()).toEqual(['ip addr add 10.0.0.1/24 dev eth0']);
  });

  test('report the refusal of an add instead of dropping it', async () => {
    const said = { code: 1, stderr: 'Cannot find device "eth0"' };
    const { own } = onNode(node(), { 'ip addr add': said });
    expect(await own.ensureAdded(address, patience)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('Cannot find device'),
    });
  });

  test('delete the address, and nothing that begins alike', async () => {
    const { own, asked } = onNode(node(link('10.0.0.10'), link('10.0.0.1'), link('10.0.0.100')));
    expect(await own.ensureRemoved(address, patience)).toEqual(done);
    expect(asked()).toEqual(['ip addr del 10.0.0.1/24 dev eth0']);
  });

  test('leave the same IP with another prefix alone: it is not ours', async () => {
    const { own, asked } = onNode(node(link('10.0.0.1', { prefixlen: 32 })));
    expect(await own.ensureRemoved(address, patience)).toEqual(done);
    expect(asked()).toEqual([]);
  });

  test('keep the secondary addresses when the first of a subnet goes', async () => {
    const { own, asked } = onNode(node(link('10.0.0.1'), link('10.0.0.2', { secondary: true })));
    expect(await own.ensureRemoved(address, patience)).toEqual(done);
    expect(asked()).toEqual([
      'sysctl -q -w net/ipv4/conf/eth0/promote_secondaries=1',
      'ip addr del 10.0.0.1/24 dev eth0',
    ]);
  });

  test('take an address that has just gone for removed', async () => {
    const gone = { code: 2, stderr: 'RTNETLINK answers: Cannot assign requested address' };
    const late = onNode(node(link('10.0.0.1')), { 'ip addr del': gone });
    expect(await late.own.ensureRemoved(address, patience)).toEqual(done);
    const missing = { code: 1, stderr: 'Cannot find device "eth0"' };
    const failing = onNode(node(link('10.0.0.1')), { 'ip addr del': missing });
    expect(await failing.own.ensureRemoved(address, patience)).toMatchObject({ kind: 'refused' });
  });

  test.each(['', 'Error: busy', '{}', '[{"ifname":"eth0"}]', '[{"ifname":"eth0","addr_info":[{"local":1}]}]'])(
    'stay unknown after %j, and change nothing',
    async (stdout) => {
      const { own, asked } = onNode(stdout);
      for (const outcome of [
        await own.observe(patience),
        await own.ensureAdded(address, patience),
        await own.ensureRemoved(address, patience),
        await own.probe(address, 10, patience),
      ]) {
        expect(outcome).toMatchObject({ kind: 'unknown' });
      }
      expect(asked().filter((argv) => !argv.startsWith('arping'))).toEqual([]);
    },
  );

  test('probe for as long as asked, and do not count an answer of our own', async () => {
    const answer = (mac: string) => ({
      code: 1,
      stdout: `ARPING 10.0.0.1\nUnicast reply from 10.0.0.1 [${mac}]  0.585ms\nSent 1 probes (1 broadcast(s))\n`,
    });
    const foreign = onNode(node(), { arping: answer('92:55:DD:8D:DB:39') });
    expect(await foreign.own.probe(address, 150, patience)).toEqual({
      kind: 'done',
      value: { answeredBy: '92:55:dd:8d:db:39' },
    });
    expect(foreign.asked()).toEqual(['arping -D -I eth0 10.0.0.1']);
    expect(foreign.recording.asked[0]?.options.interruptAfterMs).toBe(150);
    const own = onNode(node(), { arping: answer('02:00:00:00:00:01') });
    expect(await own.own.probe(address, 150, patience)).toEqual({ kind: 'done', value: { answeredBy: null } });
  });

  test('give a probe that could not even ask more time, and know nothing when the deadline leaves none', async () => {
    const unsent = onNode(node(), { arping: { stdout: 'ARPING 10.0.0.1 from 0.0.0.0 eth0\n' } });
    expect(await unsent.own.probe(address, 150, patience)).toMatchObject({ kind: 'unknown' });
    expect(unsent.recording.asked.map(({ options }) => options.interruptAfterMs)).toEqual([150, 300, 600]);
    const early = onNode(node(), { arping: 'interrupted' });
    expect(await early.own.probe(address, 150, patience)).toMatchObject({ kind: 'unknown' });
    expect(early.recording.asked.map(({ options }) => options.interruptAfterMs)).toEqual([150, 300, 600]);
  });

  test('announce as a request and as a reply, once each', async () => {
    const recording = recordingRunner({ arping: { stdout: 'Sent 1 probes (1 broadcast(s))\n' } });
    expect(await iproute2Address({ run: recording.run }).announce(address, patience)).toEqual(done);
    expect(recording.asked.map(({ argv }) => argv)).toEqual([
      'arping -U -c 1 -I eth0 10.0.0.1',
      'arping -A -c 1 -I eth0 10.0.0.1',
    ]);
  });

  test('give an announcement that did not get out more time', async () => {
    const early = onNode(node(), { arping: 'interrupted' });
    expect(await early.own.announce(address, patience)).toMatchObject({ kind: 'unknown' });
    const requests = early.recording.asked.filter(({ argv }) => argv.startsWith('arping -U'));
    expect(requests.map(({ options }) => options.interruptAfterMs)).toEqual([100, 200, 400, 800]);
  });

  test('probe IPv6 with ndisc6, and say so when it is missing', async () => {
    const six = { ip: 'fd00::1', prefix: 64, interface: 'eth0' };
    const answered = onNode(node(), { ndisc6: { stdout: '92:55:DD:8D:DB:39\n' } });
    expect(await answered.own.probe(six, 150, patience)).toMatchObject({ value: { answeredBy: '92:55:dd:8d:db:39' } });
    expect(answered.asked()).toEqual(['ndisc6 -1 -q -r 1 -w 150 fd00::1 eth0']);
    const silent = onNode(node(), { ndisc6: { code: 2 } });
    expect(await silent.own.probe(six, 150, patience)).toMatchObject({ value: { answeredBy: null } });
    const missing = onNode(node(), { ndisc6: 'missing' });
    expect(await missing.own.probe(six, 150, patience)).toMatchObject({ kind: 'refused', code: 'missing' });
  });
});
