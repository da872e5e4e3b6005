// What serves the bytes of a disk: what there is now, and which steps make it whole. Pure.
import type { TargetSpec } from '../../src/ports/dataplane.ts';
import type { Folder, Shape, Step } from './configfs-protocol.ts';
import type { Tree } from './configfs.ts';
import { type Device, deviceAt, deviceFolder, hostFolder } from './lio-names.ts';
import { shapeOf, type Tuning, tuningSteps, untuned } from './lio-tuning.ts';

const alua = 'alua/default_tg_pt_gp';

export const hostShape = (tuning: Tuning): Shape => ({
  '*': {
    enable: 'read',
    udev_path: 'read',
    wwn: { vpd_unit_serial: 'read', vendor_id: 'read', product_id: 'read' },
    attrib: { emulate_write_cache: 'read', ...shapeOf('attrib', tuning.device) },
    alua: { default_tg_pt_gp: { alua_access_state: 'read' } },
  },
});

export interface DeviceNow {
  readonly whole: boolean;
  readonly path: string;
  readonly serial: string;
  /** By file, for what can be written again. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Why the host adapter of a disk cannot be ours, or null: it is made of the wwn. */
export function strangerIn(host: Tree, device: Device): string | null {
  const isOther = (name: string): boolean => deviceAt(`${hostFolder(device)}/${name}`)?.disk !== device.disk;
  const other = Object.keys(host?.folders ?? {}).find(isOther);
  return other === undefined ? null : `${hostFolder(device)}/${other}`;
}

export function deviceIn(host: Tree, device: Device): DeviceNow | null {
  const name = deviceFolder(device).slice(hostFolder(device).length + 1);
  const found = host?.folders[name];
  if (found === undefined) return null;
  const { wwn, attrib } = found.folders;
  return {
    whole: found.files['enable'] === '1',
    path: found.files['udev_path'] ?? '',
    serial: serialOf(found),
    texts: {
      'wwn/vendor_id': wwn?.files['vendor_id'] ?? '',
      'wwn/product_id': wwn?.files['product_id'] ?? '',
      ...Object.fromEntries(Object.entries(attrib?.files ?? {}).map(([file, text]) => [`attrib/${file}`, text])),
      [`${alua}/alua_access_state`]:
        found.folders['alua']?.folders['default_tg_pt_gp']?.files['alua_access_state'] ?? '',
    },
  };
}

/** Empty when it has none. */
export const serialOf = ({ folders: { wwn } }: Folder): string => serialIn(wwn?.files['vpd_unit_serial'] ?? '');

export const serialIn = (text: string): string => text.replace(/^T10 VPD Unit Serial Number: /, '');

/** Initiators know the disk by these on every path and node: none of them may depend on where it is served. */
const names = { 'wwn/vendor_id': 'PATHWRDN', 'wwn/product_id': 'DISK' };

/**
 * A device that is enabled has its image and its name. A file is read and written past the page cache: another node may
 * serve the same file, and what it writes must be read here. Initiators are told that there is a cache, so they flush
 * the storage's own. The kernel takes no tuning of a device that is served: it keeps what it was made with.
 */
export function planDevice(
  device: Device,
  { wwn, backing }: TargetSpec,
  now: DeviceNow | null,
  { tuning, isServed }: { tuning: Tuning; isServed: boolean } = { tuning: untuned, isServed: false },
): Step[] {
  const folder = deviceFolder(device);
  const put = (name: string, text: string): Step => ({ write: `${folder}/${name}`, text });
  const unlessSo = ([name, text]: readonly [string, string]): Step[] =>
    now?.texts[name] === text ? [] : [put(name, text)];
  const { path, sizeBytes } = backing;
  const control =
    device.plugin === 'iblock'
      ? `udev_path=${path}`
      : `fd_dev_name=${path},fd_dev_size=${sizeBytes},fd_async_io=1`;
  const after: [string, string][] = [[`${alua}/alua_access_state`, '0']];
  if (device.plugin === 'fileio') after.push(['attrib/emulate_write_cache', '1']);
  return [
    ...(now === null ? [{ make: hostFolder(device) }, { make: folder }] : []),
    ...(now?.whole === true ? [] : [put('control', control), put('udev_path', path)]),
    ...Object.entries(names).flatMap(unlessSo),
    ...(now?.serial === wwn ? [] : [put('wwn/vpd_unit_serial', wwn)]),
    ...(now?.whole === true ? [] : [put('enable', '1')]),
    ...after.flatMap(unlessSo),
    ...(isServed ? [] : tuningSteps(folder, tuning.device, now?.texts ?? {})),
  ];
}

export const planDeviceRemoval = (device: Device): Step[] => [
  { remove: deviceFolder(device) },
  { remove: hostFolder(device) },
];
