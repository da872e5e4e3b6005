// Images of Ceph: what opens them is here, its user sees them, and nobody would cache them.
import type { RbdImage } from '../ports/dataplane.ts';
import type { Finding, Say } from './finding.ts';
import { type Image, type ImageSetup, measured, missingFindings } from './images.ts';
import { kernelFindings } from './kernel.ts';
import { programFinding, programFindings } from './programs.ts';
import { resizedFindings } from './resized.ts';
import type { Setup } from './setup.ts';

/** Where Debian's tgt-rbd puts it. */
const tgtBackstore = '/usr/lib/tgt/backing-store/bs_rbd.so';

export async function rbdFindings(
  images: readonly Image<'rbd'>[],
  setup: ImageSetup,
  say: Say,
): Promise<readonly Finding[]> {
  const program = await programFinding(setup.ports.host, say, 'rbd');
  if (program.level !== 'ok') return [program];
  const lacking = (await openers(setup, say)).filter(({ level }) => level !== 'ok');
  const pools = [...Map.groupBy(images, ({ backstore }) => poolOf(backstore)).values()];
  const found = await Promise.all(pools.map((alike) => poolFindings(alike, setup, say)));
  return [...lacking, ...found.flat()];
}

/** What `ceph.via` needs on this host. */
async function openers({ config, ports: { host } }: Setup, say: Say): Promise<readonly Finding[]> {
  const { via } = config.ceph;
  if (via === 'krbd') return kernelFindings(host, say, ['rbd'], say.failure);
  if (via === 'nbd') {
    const [programs, modules] = await Promise.all([
      programFindings(host, say, ['rbd-nbd']),
      kernelFindings(host, say, ['nbd'], say.failure),
    ]);
    return [...programs, ...modules];
  }
  const file = await host.file(tgtBackstore);
  if (file.kind !== 'done') return [say.unknown('tgt and rbd', `${tgtBackstore}: ${file.reason}`)];
  if (file.value !== null) return [];
  // Other distributions may keep it elsewhere, and tgtd does not say what it can open.
  return [say.unknown('tgt and rbd', `${tgtBackstore} is not there`, 'apt-get install tgt-rbd')];
}

async function poolFindings(
  images: readonly Image<'rbd'>[],
  setup: ImageSetup,
  say: Say,
): Promise<readonly Finding[]> {
  const { config: { ceph }, ports } = setup;
  const [first] = images;
  if (first === undefined) return [];
  const pool = poolOf(first.backstore);
  const fix = `rbd ls --long ${pool} --conf ${ceph.conf} --id ${ceph.id}`;
  const listed = await ports.images.inPool(first.backstore);
  const wanted = images.map((image) => ({ ...image, name: image.backstore.image }));
  const missing = missingFindings(wanted, listed, fix, say);
  const sizes = listed.kind === 'done' ? listed.value : null;
  if (sizes === null) return missing;
  const present = images.find(({ backstore }) => sizes.has(backstore.image));
  const cached = ceph.via === 'krbd' || present === undefined ? [] : await cacheFindings(present, setup, say);
  return [...missing, ...cached, ...resizedFindings(measured(wanted, listed, `${pool}/`), setup, say)];
}

/** The setting is most likely the same for all images of a pool, and asking takes a command each. */
async function cacheFindings(
  { backstore }: Image<'rbd'>,
  { ports }: Setup,
  say: Say,
): Promise<readonly Finding[]> {
  const what = `cache of ${poolOf(backstore)}`;
  const uncached = await ports.images.uncached(backstore);
  if (uncached.kind === 'unknown') return [say.unknown(what, uncached.reason)];
  const setting = `rbd config pool set ${backstore.pool} rbd_cache false`;
  return uncached.kind === 'done' ? [] : [say.failure(what, uncached.reason, setting)];
}

const poolOf = ({ pool, namespace }: RbdImage): string => (namespace === undefined ? pool : `${pool}/${namespace}`);
