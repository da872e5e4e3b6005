// How this node reaches its Ceph, for disks whose backstore is an image of it.
import { Type } from 'typebox';
import { filePath, section } from './fields.ts';

export const ceph = section('The Ceph of this node, for disks whose backstore is one of its images', {
  conf: Type.Unsafe<string>({
    ...filePath("Ceph's configuration file. It also says where the user's key is", '/etc/ceph/ceph.conf'),
    default: '/etc/ceph/ceph.conf',
  }),
  id: Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$',
    default: 'pathwarden',
    description: 'The Ceph user, without `client.`. It needs `profile rbd` on the monitors and the pools',
    examples: ['pathwarden'],
  }),
  via: Type.Union([Type.Literal('librbd'), Type.Literal('krbd'), Type.Literal('nbd')], {
    dynamicDefault: '`librbd` where `dataPlane.kind` is `tgt`, else `krbd`',
    description:
      'How an image is opened. `librbd`: by the target itself, which has to be tgt with Debian package tgt-rbd. ' +
      '`krbd`: mapped by the kernel. `nbd`: mapped by rbd-nbd. Change it only while the node serves nothing',
    examples: ['librbd'],
  }),
  mapOptions: Type.Optional(
    Type.String({
      pattern: '^[a-z_]+(=[^,\\s]+)?(,[a-z_]+(=[^,\\s]+)?)*$',
      description:
        'Options of `rbd device map`, for `krbd` and `nbd` only. A cluster that speaks msgr2 alone needs `ms_mode`',
      expects: 'options of rbd device map, with commas between them',
      examples: ['queue_depth=256,ms_mode=prefer-crc'],
    }),
  ),
});
