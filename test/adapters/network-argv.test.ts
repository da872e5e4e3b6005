// The exact commands for VLAN interfaces, IPv6 announcements and connections.
import { describe, expect, test } from 'vitest';
import { socketConnections } from '../../adapters/connections/sockets.ts';
import { address, link, node, onNode } from './recorded-node.ts';
import { recordingRunner } from './recording-runner.ts';

const patience = { deadlineMs: 1000 };
const done = { kind: 'done', value: null };

describe('ip and ndptool', () => {
  test('make a VLAN interface with its mark in one command, and remove it when its last address is gone', async () => {
    const onVlan = { ...address, interface: 'eth0.7' };
    const { own, asked } = onNode(node());
    expect(await own.ensureAdded(onVlan, patience)).toEqual(done);
    expect(asked()).toEqual([
      'ip link add link eth0 name eth0.7 group 28791 type vlan id 7',
      'sysctl -e -q -w net/ipv6/conf/eth0.7/accept_dad=0',
      'ip link set dev eth0.7 alias pathwarden up',
      'ip addr add 10.0.0.1/24 dev eth0.7',
    ]);
    const vlan = (group: string, ...infos: object[]) =>
      JSON.stringify([{ ifname: 'eth0.7', link: 'eth0', group, flags: ['UP'], addr_info: infos }]);
    const kernels = { local: 'fe80::1', prefixlen: 64, scope: 'link' };
    const ours = onNode(vlan('28791', kernels));
    expect(await ours.own.ensureRemoved(onVlan, patience)).toEqual(done);
    expect(ours.asked()).toEqual(['ip link del dev eth0.7']);
    for (const kept of [vlan('default', kernels), vlan('28791', link('10.0.0.9'))]) {
      const foreign = onNode(kept);
      expect(await foreign.own.ensureRemoved(onVlan, patience)).toEqual(done);
      expect(foreign.asked()).toEqual([]);
    }
  });

  test('announce IPv6 with ndptool when the address is here, however it is written, and not otherwise', async () => {
    const six = { ip: 'fd00:0::1', prefix: 64, interface: 'eth0' };
    const here = onNode(node(link('fd00::1', { prefixlen: 64 })));
    expect(await here.own.announce(six, patience)).toEqual(done);
    expect(here.asked()).toEqual(['ndptool -t na -U -i eth0 -T fd00:0::1 send']);
    const elsewhere = onNode(node(link('fd00::1', { prefixlen: 128 })));
    expect(await elsewhere.own.announce(six, patience)).toMatchObject({ kind: 'refused' });
    expect(elsewhere.asked()).toEqual([]);
    const missing = onNode(node(link('fd00::1', { prefixlen: 64 })), { ndptool: 'missing' });
    const reason = 'ndptool is not installed (Debian package libndp-tools)';
    expect(await missing.own.announce(six, patience)).toEqual({ kind: 'refused', reason, code: 'missing' });
  });
});

describe('ss and socat', () => {
  const portal = { ip: '10.0.0.1', port: 3_260 };
  const peer = { ip: '10.0.0.9', port: 40_000 };

  test('list established connections, whichever way they are written', async () => {
    const stdout = [
      '0 0 10.0.0.1:3260 10.0.0.9:40000',
      '0 0 [::ffff:10.0.0.1]:3260 [::ffff:10.0.0.9]:40001',
      '0 0 [fd00:0::1]:3260 [fd00::9]:7',
      '0 0 10.0.0.1:22 10.0.0.9:50000',
    ].join('\n');
    const { run, asked } = recordingRunner({ ss: { stdout } });
    expect(await socketConnections({ run }).observe([3_260], patience)).toEqual({
      kind: 'done',
      value: [
        { portal, peer },
        { portal, peer: { ip: '10.0.0.9', port: 40_001 } },
        { portal: { ip: 'fd00::1', port: 3_260 }, peer: { ip: 'fd00::9', port: 7 } },
      ],
    });
    expect(asked.map(({ argv }) => argv)).toEqual(['ss -H -t -n state established']);
    const odd = recordingRunner({ ss: { stdout: 'Netid State' } });
    expect(await socketConnections({ run: odd.run }).observe([3_260], patience)).toMatchObject({ kind: 'unknown' });
  });

  test('tickle with one segment whose checksum is right', async () => {
    const { run, asked } = recordingRunner();
    const connections = socketConnections({ run });
    const six = { portal: { ip: 'fd00::1', port: 3_260 }, peer: { ip: 'fd00::9', port: 7 } };
    expect(await connections.tickle({ portal, peer }, patience)).toEqual(done);
    expect(await connections.tickle(six, patience)).toEqual(done);
    expect(asked.map(({ argv }) => argv)).toEqual([
      'socat -u STDIN IP4-SENDTO:10.0.0.9:6,bind=10.0.0.1',
      'socat -u STDIN IP6-SENDTO:[fd00::9]:6,bind=[fd00::1]',
    ]);
    const [four] = asked.map(({ options }) => options.inputBytes ?? []);
    expect(four?.slice(0, 16)).toEqual([0x0c, 0xbc, 0x9c, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10, 0, 0]);
    const words = [0x0a00, 0x0001, 0x0a00, 0x0009, 6, 20];
    for (let at = 0; at < 20; at += 2) words.push(((four?.[at] ?? 0) << 8) | (four?.[at + 1] ?? 0));
    const sum = words.reduce((all, word) => all + word, 0);
    expect((sum & 0xffff) + (sum >>> 16)).toBe(0xffff);
  });
});
