// The images of disks, by their kind: whether this host could attach them.
import { rbdFindings } from './backstores-rbd.ts';
import { asRoot, type Finding, type Say } from './finding.ts';
import { type Image, type ImageSetup, type Kind, measured, missingFindings } from './images.ts';
import { programFindings } from './programs.ts';
import { resizedFindings } from './resized.ts';
import type { Setup } from './setup.ts';

/** What is wrong with the images of a kind; empty when nothing is. */
type Look<K extends Kind> = (images: readonly Image<K>[], setup: ImageSetup, say: Say) => Promise<readonly Finding[]>;

const looks: { readonly [K in Kind]: Look<K> } = {
  file: (images, setup, say) => eachPath(images, ['file', 'device'], setup, say),
  block: (images, setup, say) => eachPath(images, ['device'], setup, say),
  lvm: volumeFindings,
  rbd: rbdFindings,
  memory: () => Promise.resolve([]),
};

export async function imageFindings(setup: Setup, say: Say): Promise<readonly Finding[]> {
  const given: ImageSetup = { ...setup, shown: await setup.ports.sizes.shownMegabytes() };
  const disks = [...(setup.view?.disks ?? [])];
  const images = disks.map(([disk, { value: { wwn, backstore } }]) => ({ disk, wwn, backstore }));
  const ofKinds = [...Map.groupBy(images, ({ backstore }) => backstore.kind)].map(async ([kind, alike]) => {
    // The compiler cannot follow that all of these are of one kind.
    const found = await (looks[kind] as Look<Kind>)(alike, given, say);
    return found.length > 0 ? found : [say.ok('images', `${String(alike.length)} of kind ${kind}, all here`)];
  });
  return (await Promise.all(ofKinds)).flat();
}

type Path = Image<'file'> | Image<'block'>;
type FileKind = 'file' | 'device';

async function eachPath(images: readonly Path[], allowed: readonly FileKind[], setup: ImageSetup, say: Say) {
  const found = await Promise.all(images.map((image) => pathFindings(image, allowed, setup, say)));
  return found.flat();
}

async function pathFindings(
  image: Path,
  allowed: readonly FileKind[],
  setup: ImageSetup,
  say: Say,
): Promise<readonly Finding[]> {
  const { disk, backstore: { path } } = image;
  const what = `image of ${disk}`;
  const file = await setup.ports.host.file(path);
  if (file.kind !== 'done') return [say.unknown(what, `${path}: ${file.reason}`)];
  if (file.value === null) return [say.failure(what, `${path} is not here`, 'findmnt   # is its storage mounted?')];
  const { kind, bytes } = file.value;
  if (allowed.some((one) => one === kind)) return resizedFindings([{ ...image, name: path, bytes }], setup, say);
  return [say.failure(what, `${path} is not a ${allowed.join(' or a ')}`, `ls -ld ${path}`)];
}

async function volumeFindings(
  images: readonly Image<'lvm'>[],
  setup: ImageSetup,
  say: Say,
): Promise<readonly Finding[]> {
  const { ports } = setup;
  const programs = await programFindings(ports.host, say, ['lvs', 'lvchange']);
  const lacking = programs.filter(({ level }) => level !== 'ok');
  if (lacking.length > 0) return lacking;
  if (!ports.host.isRoot) return [say.unknown('images', 'only root can ask LVM', asRoot)];
  const wanted = images.map((image) => ({ ...image, name: `${image.backstore.group}/${image.backstore.volume}` }));
  const listed = await ports.images.volumes();
  const missing = missingFindings(wanted, listed, 'vgs   # are the disks of the group here?', say);
  return [...missing, ...resizedFindings(measured(wanted, listed), setup, say)];
}
