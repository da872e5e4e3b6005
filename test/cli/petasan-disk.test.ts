// What of PetaSAN's description of a disk is taken over, and what is refused without repeating any of it.
import { expect, test } from 'vitest';
import { petasanDisk } from '../../src/cli/petasan-disk.ts';

const meta = {
  id: '00001', iqn: 'iqn.2016-05.com.petasan:00001', wwn: '9A64c80e00001', acl: '', user: '', password: '',
  paths: [{ ip: '10.0.2.101', subnet_mask: '255.255.255.0', eth: 'bond0', vlan_id: '' }],
};
const backstore = { kind: 'rbd', pool: 'rbd', image: 'image-00001' } as const;
const options = { backstore, interfaces: new Map<string, string>(), start: false };
const read = (over: object = {}, more: object = {}) =>
  petasanDisk(JSON.stringify({ ...meta, ...over }), { ...options, ...more });

test('the serial number of PetaSAN stays the beginning of the name that initiators know the disk by', () => {
  expect(read()).toMatchObject({ id: '00001', spec: { wwn: '9a64c80e00001000', desired: 'stopped' } });
});

test('all initiators, or none named, means any', () => {
  for (const acl of ['all', 'All', '']) expect(read({ acl }).spec.access).toEqual({ initiators: [] });
});

test('CHAP is taken over with the file of its secret', () => {
  const chap = { user: 'ada', password: 'nightingale-88' };
  expect(read(chap, { chapSecretFile: '/s/ada' }).spec.access.chap).toEqual({ user: 'ada', secretFile: '/s/ada' });
});

test('an interface gets the name that it has here, and one that no path is on is a mistake', () => {
  const renamed = (names: object) => read({}, { interfaces: new Map(Object.entries(names)) }).spec.paths;
  expect(renamed({ bond0: 'ens2' })).toMatchObject([{ interface: 'ens2' }]);
  const mistaken = () => renamed({ bond0: 'ens2', eth9: 'ens3' });
  expect(mistaken).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  expect(mistaken).toThrow('--interface eth9=ens3: no path of the disk is on eth9');
});

const path = (over: object) => ({ paths: [{ ...meta.paths[0], ...over }] });
test.each([
  [{ is_replication_target: true }, 'target of a replication'],
  [{ iqn: 'nightingale-88' }, 'no iqn'],
  [{ wwn: 'nightingale-88' }, 'no wwn'],
  [{ wwn: '9a64c80e000010000' }, 'no wwn'],
  [{ id: '../nightingale-88' }, 'no id'],
  [{ acl: 'nightingale-88' }, 'no acl'],
  [{ paths: [] }, 'no paths'],
  [path({ subnet_mask: '255.0.255.0' }), 'no subnet_mask'],
  [path({ subnet_mask: '255.255.255.256' }), 'no subnet_mask'],
  [path({ ip: 'nightingale-88' }), 'no ip'],
  [path({ vlan_id: 'nightingale-88' }), 'no vlan_id'],
  [path({ eth: '' }), 'no interface'],
  [{ user: 'ada', password: 'nightingale-88' }, '--chap-secret-file'],
  [{ user: '', password: 'nightingale-88' }, 'no user'],
  [{ user: 'ada, nightingale-88', password: '' }, 'no user'],
])('%j is refused: %s', (over, reason) => {
  expect(() => read(over)).toThrow(reason);
  expect(() => read(over)).not.toThrow('nightingale');
});

test('what is no description is refused, and not repeated', () => {
  for (const text of ['nightingale-88', '["nightingale-88"]', 'null']) {
    expect(() => petasanDisk(text, options)).toThrow('The metadata of the image is not');
    expect(() => petasanDisk(text, options)).not.toThrow('nightingale');
  }
});
