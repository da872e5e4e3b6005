import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { debianMirror } from '../lab/get-consul.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pathwarden-apt-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<void> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

test('finds the mirror in a one-line list, past comments and the security mirror', async () => {
  await write(
    'sources.list',
    [
      '# deb http://old.example/debian bookworm main',
      'deb http://security.example/debian-security bookworm-security main',
      'deb-src http://src.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/usr/share/k.gpg] http://packages.example/debian bookworm main contrib # ours',
    ].join('\n'),
  );
  expect(await debianMirror(folder)).toBe('http://packages.example/debian');
});

test('finds the mirror in a deb822 file, past stanzas that are off or for another component', async () => {
  await write(
    'sources.list.d/debian.sources',
    [
      'Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main',
      'Types: deb\nURIs: http://other.example/debian\nSuites: bookworm\nComponents: nonfree',
      'Types: deb\nURIs: http://security.example\nSuites: bookworm-security\nComponents: main',
      '# ours\nTypes: deb deb-src\nURIs: http://packages.example/debian\nSuites: bookworm\n updates\nComponents: main',
    ].join('\n\n'),
  );
  expect(await debianMirror(folder)).toBe('http://packages.example/debian');
});

test('says so when there is none', async () => {
  await expect(debianMirror(folder)).rejects.toThrow('no Debian mirror is configured');
});
