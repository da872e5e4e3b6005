import { Command } from 'commander';
import { addDisk } from '../add-disk.ts';
import { changeOptions, type ChangeOptions } from '../change.ts';
import { withExample } from '../context.ts';
import { specFromFile } from '../disk-spec-file.ts';
import { specFromOptions, type SpecOptions } from '../disk-spec.ts';
import type { Shell } from '../shell.ts';

interface AddOptions extends ChangeOptions, SpecOptions {
  readonly spec?: string;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export function diskAdd(shell: Shell): Command {
  const described = new Command('add').description('Make a disk known to the cluster');
  const command = changeOptions(described, { destructive: false })
    .argument('<disk>', 'disk id: letters, digits, dot, dash, underscore')
    .option('--spec <file>', 'the whole disk as YAML or JSON, instead of the options below')
    .option('--rbd <image>', 'image of Ceph: pool/image or pool/namespace/image; must exist')
    .option('--file <path>', 'raw image on storage that all gateways share; must exist')
    .option('--block <device>', 'block device by a path that means the same device on every gateway')
    .option('--lvm <volume>', 'logical volume that all gateways share: group/volume; must exist')
    .option('--memory', 'a disk in memory, for trying it out')
    .option('--path <address>', 'ip/prefix@interface[:vlan], once for each path', collect)
    .option('--initiator <iqn>', 'initiator that may log in, once for each; any may when left out', collect)
    .option('--chap-user <name>', 'CHAP user; needs --chap-secret-file')
    .option('--chap-secret-file <file>', 'file on every gateway that holds the CHAP secret')
    .option('--mutual-chap-user <name>', 'the target proves itself, too, by this user; needs --chap-user')
    .option('--mutual-chap-secret-file <file>', 'file on every gateway that holds the CHAP secret of the target')
    .option('--iqn <iqn>', 'target name; else made from the base and the disk id')
    .option('--iqn-base <base>', 'start of the target name (else $PATHWARDEN_IQN_BASE, else iqn.2026-01.io.pathwarden)')
    .option('--wwn <hex>', 'eight bytes in hex that initiators know the disk by; else made from the iqn')
    .option('--start', 'start serving it at once')
    .action(async (id: string, options: AddOptions) => {
      shell.exitCode = await add(shell, id, options);
    });
  return withExample(
    command,
    'pathwarden disk add 00001 --file /srv/images/00001.img --path 10.0.1.101/24@eth1 --path 10.0.2.101/24@eth2',
  );
}

async function add({ terminal }: Shell, id: string, options: AddOptions): Promise<number> {
  const base = options.iqnBase ?? terminal.env['PATHWARDEN_IQN_BASE'];
  const spec =
    options.spec === undefined
      ? specFromOptions(id, base === undefined ? options : { ...options, iqnBase: base })
      : await specFromFile(options.spec, options);
  return await addDisk(terminal, options, { id, spec, done: 'added' });
}
