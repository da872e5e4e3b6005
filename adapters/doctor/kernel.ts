// What the running kernel can do, from its own files.
import { access, readFile } from 'node:fs/promises';
import { release } from 'node:os';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { done, type Outcome, unknown } from '../../src/ports/outcome.ts';

/** Null: this kernel has no such module. */
export async function kernelModule(
  name: string,
  root: string,
): Promise<Outcome<'loaded' | 'built in' | 'can be loaded' | null>> {
  const isLoaded = await access(`${root}/sys/module/${name.replaceAll('-', '_')}`).then(() => true, () => false);
  if (isLoaded) return done('loaded');
  const folder = `${root}/lib/modules/${release()}`;
  const [builtIn, loadable] = await Promise.all([lines(`${folder}/modules.builtin`), lines(`${folder}/modules.dep`)]);
  const file = new RegExp(`(^|/)${name.replaceAll(/[-_]/g, '[-_]')}\\.ko`);
  if (builtIn?.some((line) => file.test(line)) === true) return done('built in');
  if (loadable?.some((line) => file.test(line.split(':')[0] ?? '')) === true) return done('can be loaded');
  if (builtIn !== null && loadable !== null) return done(null);
  // Without its folder, the kernel may still say what it was built with; most options are called like their module.
  const option = await settings(root);
  if (option?.has(`CONFIG_${name.toUpperCase()}=y`) === true) return done('built in');
  return unknown(`${folder} cannot be read`);
}

export async function kernelOption(name: string, root: string): Promise<Outcome<boolean>> {
  const all = await settings(root);
  if (all === null) return unknown('the kernel does not say how it was built');
  return done(all.has(`${name}=y`) || all.has(`${name}=m`));
}

async function settings(root: string): Promise<ReadonlySet<string> | null> {
  const own = await readFile(`${root}/proc/config.gz`).then(promisify(gunzip), () => null);
  const all = own?.toString().split('\n') ?? (await lines(`${root}/boot/config-${release()}`));
  return all === null ? null : new Set(all);
}

const lines = (file: string): Promise<readonly string[] | null> =>
  readFile(file, 'utf8').then(
    (text) => text.split('\n'),
    () => null,
  );
