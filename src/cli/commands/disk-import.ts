import { Command } from 'commander';
import { stringify } from 'yaml';
import { PathwardenError } from '../../errors.ts';
import type { Refused, Unknown } from '../../ports/outcome.ts';
import { addDisk } from '../add-disk.ts';
import { changeOptions, type ChangeOptions } from '../change.ts';
import { withExample } from '../context.ts';
import { rbdImage } from '../disk-spec.ts';
import { ok } from '../output.ts';
import { petasanDisk } from '../petasan-disk.ts';
import type { Shell } from '../shell.ts';
import { usage } from '../usage.ts';

interface ImportOptions extends ChangeOptions {
  readonly cephConf: string;
  readonly cephId: string;
  readonly interface?: readonly string[];
  readonly chapSecretFile?: string;
  readonly print?: boolean;
  readonly start?: boolean;
}

const deadlineMs = 30_000;
const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export function diskImport(shell: Shell): Command {
  const described = new Command('import').description(
    'Make a disk of PetaSAN known to the cluster, as it is described beside its image; nothing is written there',
  );
  const command = changeOptions(described, { destructive: false })
    .argument('<image>', 'image of Ceph: pool/image or pool/namespace/image')
    .option('--ceph-conf <file>', "Ceph's configuration file on this host", '/etc/ceph/ceph.conf')
    .option('--ceph-id <user>', 'Ceph user, without client.', 'pathwarden')
    .option('--interface <old=new>', 'interface that has another name on the gateways, once for each', collect)
    .option('--chap-secret-file <file>', 'file on every gateway that holds the CHAP secret, when the disk has one')
    .option('--print', 'only print the disk, as YAML for `disk add --spec`; for a look, or for changes')
    .option('--start', 'start serving it at once')
    .action(async (image: string, options: ImportOptions) => {
      shell.exitCode = await importDisk(shell, image, options);
    });
  return withExample(command, 'pathwarden disk import rbd/image-00001 --interface eth2=ens2f0 --print');
}

async function importDisk({ terminal }: Shell, image: string, options: ImportOptions): Promise<number> {
  const backstore = rbdImage(image);
  const interfaces = renamed(options.interface ?? []);
  const { text, openAt } = await metadataOf(backstore, options);
  const { id, spec } = petasanDisk(text, {
    backstore,
    interfaces,
    start: options.start === true,
    ...(options.chapSecretFile === undefined ? {} : { chapSecretFile: options.chapSecretFile }),
  });
  if (options.print === true) {
    terminal.print(options.json === true ? ok({ disk: id, spec }) : `# disk ${id}\n${stringify(spec).trimEnd()}`);
    return 0;
  }
  if (openAt.length > 0) {
    const where = openAt.join(', ');
    const message = `${image} is open at ${where}: stop the disk there, or look at it with --print`;
    throw new PathwardenError('NOT_ACCEPTED', message, { image, openAt });
  }
  return await addDisk(terminal, options, { id, spec, done: 'imported' });
}

async function metadataOf(image: ReturnType<typeof rbdImage>, { cephConf, cephId }: ImportOptions) {
  // Imported here so that the other commands start fast.
  const { readMetadata } = await import('../../../adapters/backstore/rbd-metadata.ts');
  const { createRunner } = await import('../../../adapters/run.ts');
  const read = await readMetadata({ run: createRunner(), conf: cephConf, id: cephId }, image, { deadlineMs });
  if (read.kind === 'done') return read.value;
  throw new PathwardenError(codeOf(read), `${read.reason}: nothing was imported`);
}

function codeOf(outcome: Refused | Unknown): 'NOT_FOUND' | 'TOOL_MISSING' | 'STORAGE_UNREADABLE' {
  const code = outcome.kind === 'refused' ? outcome.code : undefined;
  if (code === 'gone') return 'NOT_FOUND';
  return code === 'missing' ? 'TOOL_MISSING' : 'STORAGE_UNREADABLE';
}

function renamed(pairs: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const pair of pairs) {
    const [, before, after] = /^([^=\s]+)=([^=\s]{1,15})$/.exec(pair) ?? [];
    if (before === undefined || after === undefined) {
      throw usage(`--interface must look like eth2=ens2f0, not like ${pair}`);
    }
    const other = names.get(before) ?? after;
    if (other !== after) throw usage(`--interface: ${before} is given two names, ${other} and ${after}`);
    names.set(before, after);
  }
  return names;
}
