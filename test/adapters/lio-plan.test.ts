// The plans of the LIO adapter, which need no kernel: what they come to is shown by `npm run vm`.
import { describe, expect, test } from 'vitest';
import type { Folder, Step } from '../../adapters/target/configfs-protocol.ts';
import { planDevice, strangerIn } from '../../adapters/target/lio-device.ts';
import { planGroup } from '../../adapters/target/lio-group-plan.ts';
import { groupsOf, type Rules, rulesOf, targetShape } from '../../adapters/target/lio-group.ts';
import { type Device, deviceAt, deviceFolder, portalAt, portalName } from '../../adapters/target/lio-names.ts';
import { loginIn, loginsWithoutEntry } from '../../adapters/target/lio-sessions.ts';
import { tuningOf } from '../../adapters/target/lio-tuning.ts';

const iqn = 'iqn.2026-11.io.pathwarden:1';
const device: Device = { plugin: 'fileio', host: 1, disk: '1' };
const folder = (parts: Partial<Folder> = {}): Folder => ({ files: {}, folders: {}, links: {}, ...parts });
const told = (steps: readonly Step[]): string[] =>
  steps.map((step) => Object.entries(step).map(([key, value]) => (key === 'text' ? `= ${value}` : value)).join(' '));

const anyone: Rules = { initiators: null, chap: null };
const named: Rules = { initiators: ['iqn.a:b'], chap: { user: 'ada', password: 'correcthorse1', mutual: null } };

/** A group as the kernel shows it when a plan for these initiators was carried out. */
function made({ enabled = '1', session = false, demo = '0' } = {}): Folder {
  const link = { disk: `../../../../../../target/${deviceFolder(device)}` };
  const info = session ? 'InitiatorName: iqn.a:b' : 'No active iSCSI Session for Initiator Endpoint: iqn.a:b';
  const auth = folder({ files: { userid: 'ada', password: 'correcthorse1' } });
  const entry = folder({ files: { info }, folders: { auth, lun_1: folder({ links: { disk: '../lun/lun_1' } }) } });
  return folder({
    files: { enable: enabled, dynamic_sessions: '' },
    folders: {
      attrib: folder({ files: { generate_node_acls: demo, demo_mode_write_protect: '0', authentication: '1' } }),
      auth: folder({ files: { userid: 'NULL', password: '' } }),
      np: folder({ folders: { '10.9.0.1:3260': folder() } }),
      lun: folder({ folders: { lun_1: folder({ links: link }) } }),
      acls: folder({ folders: { 'iqn.a:b': entry } }),
    },
  });
}
const groupIn = (group: Folder) => groupsOf(folder({ folders: { tpgt_7: group, param: folder() } }))[0];

describe('a portal group', () => {
  test('that is new lets nobody in before its rules are whole, and gets LUN 1 after them', () => {
    const plan = told(planGroup(iqn, 1, { rules: named, device }));
    const steps = plan.map((step) => step.replaceAll(`iscsi/${iqn}/tpgt_1`, 'G'));
    expect(steps).toEqual([
      'G',
      'G/acls/iqn.a:b',
      'G/acls/iqn.a:b/auth/userid = ada',
      'G/acls/iqn.a:b/auth/password = correcthorse1',
      'G/attrib/authentication = 1',
      'G/attrib/demo_mode_write_protect = 0',
      'G/attrib/generate_node_acls = 0',
      'G/lun/lun_1',
      'G/lun/lun_1/disk core/fileio_1/pathwarden-1',
      'G/acls/iqn.a:b/lun_1',
      'G/acls/iqn.a:b/lun_1/disk G/lun/lun_1',
    ]);
  });

  test('that is as it should be is left alone', () => {
    const now = groupIn(made());
    expect(planGroup(iqn, 7, { rules: named, device }, now)).toEqual([]);
    expect(now === undefined ? null : rulesOf(now)).toEqual(named);
  });

  test('proves itself when the rules say so, and no more when they do not', () => {
    const mutual = { user: 'disk', password: 'batterystaple' };
    const both: Rules = { initiators: null, chap: { user: 'ada', password: 'correcthorse1', mutual } };
    const auth = (steps: readonly Step[]) =>
      told(steps).filter((step) => step.includes('_mutual')).map((step) => step.replace(/.*auth\//, ''));
    expect(auth(planGroup(iqn, 1, { rules: both, device }))).toEqual([
      'userid_mutual = disk',
      'password_mutual = batterystaple',
    ]);
    const group = made();
    const files = { userid: 'ada', password: 'correcthorse1', userid_mutual: 'disk', password_mutual: 'batterystaple' };
    const attrib = folder({ files: { generate_node_acls: '1', demo_mode_write_protect: '0', authentication: '1' } });
    const open = groupIn({ ...group, folders: { ...group.folders, acls: folder(), attrib, auth: folder({ files }) } });
    expect(planGroup(iqn, 7, { rules: both, device }, open)).toEqual([]);
    expect(open === undefined ? null : rulesOf(open)).toEqual(both);
    const oneWay: Rules = { initiators: null, chap: { user: 'ada', password: 'correcthorse1', mutual: null } };
    expect(auth(planGroup(iqn, 7, { rules: oneWay, device }, open))).toEqual([
      'userid_mutual = NULL',
      'password_mutual = NULL',
    ]);
  });

  test('lets everyone in only when the rules say so', () => {
    expect(told(planGroup(iqn, 1, { rules: anyone, device })).join('\n')).toContain('generate_node_acls = 1');
    const nobody = planGroup(iqn, 1, { rules: { initiators: [], chap: null }, device });
    expect(told(nobody).join('\n')).toContain('generate_node_acls = 0');
  });

  test('is disabled for the moment in which it loses an initiator that is logged in, and not otherwise', () => {
    const rules = { ...named, initiators: ['iqn.c:d'] };
    const enabling = (session: boolean) =>
      told(planGroup(iqn, 7, { rules, device }, groupIn(made({ session })))).filter((step) => step.includes('/enable'));
    expect(enabling(true)).toEqual([`iscsi/${iqn}/tpgt_7/enable = 0`, `iscsi/${iqn}/tpgt_7/enable = 1`]);
    expect(enabling(false)).toEqual([]);
  });

  test('shows sessions of initiators with and without an entry', () => {
    expect(groupIn(made())).toMatchObject({ hasSessions: false, portals: ['10.9.0.1:3260'], tag: 7 });
    expect(groupIn(made({ session: true }))).toMatchObject({ hasSessions: true });
    const files = { enable: '1', dynamic_sessions: 'iqn.x:y\n\0' };
    expect(groupIn({ ...made(), files })).toMatchObject({ hasSessions: true });
  });
});

describe('sessions', () => {
  const info = (state: string, address: string): string =>
    [
      'InitiatorName: iqn.a:b',
      'InitiatorAlias: ',
      'LIO Session ID: 1   ISID: 0x80 00 00 00 00 00  TSIH: 1  SessionType: Normal',
      `Session State: ${state}`,
      '----------------------[iSCSI Connections]-------------------------',
      'CID: 0  Connection State: TARG_CONN_STATE_LOGGED_IN',
      `   Address ${address} TCP  StatSN: 0x00000011`,
    ].join('\n');

  test('are shown with initiator, address and state', () => {
    expect(loginIn(info('TARG_SESS_STATE_LOGGED_IN', '10.9.0.2'))).toEqual({
      initiator: 'iqn.a:b',
      address: '10.9.0.2',
      state: 'logged in',
    });
    expect(loginIn(info('TARG_SESS_STATE_FAILED', 'fd00::2'))).toMatchObject({ address: 'fd00::2', state: 'failed' });
    expect(loginIn('No active iSCSI Session for Initiator Endpoint: iqn.a:b')).toBeNull();
  });

  test('of initiators without an entry have their names only', () => {
    expect(loginsWithoutEntry('iqn.x:y\n\0iqn.z:w\n\0')).toEqual([
      { initiator: 'iqn.x:y', address: null, state: 'logged in' },
      { initiator: 'iqn.z:w', address: null, state: 'logged in' },
    ]);
    expect(loginsWithoutEntry('')).toEqual([]);
  });
});

describe('tuning', () => {
  const tuning = tuningOf({
    attributes: { default_cmdsn_depth: 128 },
    parameters: { ImmediateData: false, DataDigest: 'None', InitialR2T: undefined },
    device: { emulate_tpu: true },
  });

  test('of a new group is written and looked at before its first entry is made', () => {
    const steps = told(planGroup(iqn, 1, { rules: named, device, tuning }));
    expect(steps.map((step) => step.replaceAll(`iscsi/${iqn}/tpgt_1`, 'G')).slice(0, 10)).toEqual([
      'G',
      'G/attrib/default_cmdsn_depth = 128',
      'G/attrib/default_cmdsn_depth = 128',
      'G/param/DefaultTime2Wait = 0',
      'G/param/DefaultTime2Wait = 0',
      'G/param/ImmediateData = No',
      'G/param/ImmediateData = No',
      'G/param/DataDigest = None',
      'G/param/DataDigest = None',
      'G/acls/iqn.a:b',
    ]);
  });

  test('that is so already is not written again', () => {
    const group = made();
    const param = folder({ files: { DefaultTime2Wait: '0', ImmediateData: 'No', DataDigest: 'None' } });
    const now = groupIn({ ...group, folders: { ...group.folders, param } });
    const depth = `iscsi/${iqn}/tpgt_7/attrib/default_cmdsn_depth = 128`;
    expect(told(planGroup(iqn, 7, { rules: named, device, tuning }, now))).toEqual([depth, depth]);
    const read = { DefaultTime2Wait: 'read', ImmediateData: 'read', DataDigest: 'read' };
    expect(targetShape(tuning)).toMatchObject({ '*': { param: read } });
  });

  test('can make initiators wait before they come back', () => {
    expect(tuningOf({}).group).toEqual({ 'param/DefaultTime2Wait': '0' });
    expect(tuningOf({ parameters: { DefaultTime2Wait: 3 } }).group).toEqual({ 'param/DefaultTime2Wait': '3' });
  });

  test('of a device is written as long as it is not served', () => {
    const backing = { kind: 'file' as const, path: '/srv/1', sizeBytes: 512 };
    const spec = { disk: '1', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };
    const steps = (isServed: boolean) => told(planDevice(device, spec, null, { tuning, isServed })).join('\n');
    expect(steps(false)).toContain('attrib/emulate_tpu = 1');
    expect(steps(true)).not.toContain('emulate_tpu');
  });
});

describe('a device', () => {
  const backing = { kind: 'file' as const, path: '/srv/1', sizeBytes: 512 };
  const spec = { disk: '1', iqn, wwn: 'aabbccdd00000001', access: { initiators: [] }, backing };

  test('is enabled when it has its image and its names, and a file bypasses the page cache', () => {
    expect(told(planDevice(device, spec, null)).map((step) => step.replace(deviceFolder(device), 'D'))).toEqual([
      'core/fileio_1',
      'D',
      'D/control = fd_dev_name=/srv/1,fd_dev_size=512,fd_async_io=1',
      'D/udev_path = /srv/1',
      'D/wwn/vendor_id = PATHWRDN',
      'D/wwn/product_id = DISK',
      'D/wwn/vpd_unit_serial = aabbccdd00000001',
      'D/enable = 1',
      'D/alua/default_tg_pt_gp/alua_access_state = 0',
      'D/attrib/emulate_write_cache = 1',
    ]);
  });

  test('is ours by its name', () => {
    expect(deviceAt('../../core/iblock_12/pathwarden-00001')).toEqual({ plugin: 'iblock', host: 12, disk: '00001' });
    expect(deviceAt('../../core/iblock_12/00001')).toBeNull();
    expect(strangerIn(folder({ folders: { 'pathwarden-1': folder() } }), device)).toBeNull();
    expect(strangerIn(folder({ folders: { 'pathwarden-2': folder() } }), device)).toBe('core/fileio_1/pathwarden-2');
  });
});

test('portals are named as the kernel names them, and read as they are written', () => {
  expect(portalName({ ip: '10.9.0.1', port: 3260 })).toBe('10.9.0.1:3260');
  expect(portalName({ ip: 'fd00:0::0001', port: 3260 })).toBe('[fd00::1]:3260');
  expect(portalAt('[fd00:0::1]:3260')).toEqual({ ip: 'fd00::1', port: 3260 });
  expect(portalAt('10.9.0.1:3260')).toEqual({ ip: '10.9.0.1', port: 3260 });
  expect(portalAt('elsewhere')).toBeNull();
});
