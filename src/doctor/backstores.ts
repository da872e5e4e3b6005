// The images of disks, by their kind: whether this host could attach them.
import { rbdFindings } from './backstores-rbd.ts';
import { asRoot, type Finding, type Say } from './finding.ts';
import { type Image, type Kind, missingFindings } from './images.ts';
import { programFindings } from './programs.ts';
import type { Setup } from './setup.ts';

/** What is wrong with the images of a kind; empty when nothing is. */
type Look<K extends Kind> = (images: readonly Image<K>[], setup: Setup, say: Say) => Promise<readonly Finding[]>;

const looks: { readonly [K in Kind]: Look<K> } = {
  file: (images, setup, say) => eachPath(images, ['file', 'device'], setup, say),
  block: (images, setup, say) => eachPath(images, ['device'], setup, say),
  lvm: volumeFindings,
  rbd: rbdFindings,
  memory: () => Promise.resolve([]),
};

export async function imageFindings(setup: Setup, say: Say): Promise<readonly Finding[]> {
  const images = [...(setup.view?.disks ?? [])].map(([disk, { value }]) => ({ disk, backstore: value.backstore }));
  const ofKinds = [...Map.groupBy(images, ({ backstore }) => backstore.kind)].map(async ([kind, alike]) => {
    // The compiler cannot follow that all of these are of one kind.
    const found = await (looks[kind] as Look<Kind>)(alike, setup, say);
    return found.length > 0 ? found : [say.ok('images', `${String(alike.length)} of kind ${kind}, all here`)];
  });
  return (await Promise.all(ofKinds)).flat();
}

type Path = Image<'file'> | Image<'block'>;
type FileKind = 'file' | 'device';

async function eachPath(images: readonly Path[], allowed: readonly FileKind[], setup: Setup, say: Say) {
  const found = await Promise.all(images.map((image) => pathFindings(image, allowed, setup, say)));
  return found.flat();
}

async function pathFindings(
  { disk, backstore: { path } }: Path,
  allowed: readonly FileKind[],
  { ports: { host } }: Setup,
  say: Say,
): Promise<readonly Finding[]> {
  const what = `image of ${disk}`;
  const file = await host.file(path);
  if (file.kind !== 'done') return [say.unknown(what, `${path}: ${file.reason}`)];
  if (file.value === null) return [say.failure(what, `${path} is not here`, 'findmnt   # is its storage mounted?')];
  if (allowed.some((kind) => kind === file.value?.kind)) return [];
  return [say.failure(what, `${path} is not a ${allowed.join(' or a ')}`, `ls -ld ${path}`)];
}

async function volumeFindings(
  images: readonly Image<'lvm'>[],
  { ports }: Setup,
  say: Say,
): Promise<readonly Finding[]> {
  const programs = await programFindings(ports.host, say, ['lvs', 'lvchange']);
  const lacking = programs.filter(({ level }) => level !== 'ok');
  if (lacking.length > 0) return lacking;
  if (!ports.host.isRoot) return [say.unknown('images', 'only root can ask LVM', asRoot)];
  const wanted = images.map(({ disk, backstore: { group, volume } }) => ({ disk, name: `${group}/${volume}` }));
  return missingFindings(wanted, await ports.images.volumes(), 'vgs   # are the disks of the group here?', say);
}
