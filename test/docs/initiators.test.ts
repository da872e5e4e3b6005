import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { multipathSettings, sessionSettings, settingsFor } from '../vm/open-iscsi.ts';

test('what initiators should be told is what `npm run vm` tells them', async () => {
  const page = await readFile(new URL('../../docs/operate/initiators.md', import.meta.url), 'utf8');
  const [multipath = '', onePath = ''] = page.split('\n## Disks with ').slice(1);
  const updates = (use: keyof typeof settingsFor) =>
    Object.entries(settingsFor[use]).map(([name, seconds]) => `-n node.session.${name} -v ${String(seconds)}\n`);
  for (const update of updates('multipath')) expect(multipath).toContain(update);
  for (const update of updates('onePath')) expect(onePath).toContain(update);
  expect(multipath).toContain(multipathSettings);
  for (const line of sessionSettings.trim().split('\n').filter((one) => one.includes('timeo'))) {
    expect(onePath).toContain(line);
  }
});
