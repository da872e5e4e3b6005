// Images of a real Ceph that a real kernel maps, by itself and with rbd-nbd.
import { describe, expect, test } from 'vitest';
import { rbdBackstore } from '../../../adapters/backstore/rbd.ts';
import { done } from '../../../src/ports/outcome.ts';
import { backstoreContract } from '../../contract/dataplane/backstore-contract.ts';
import { patience } from '../../contract/dataplane/world.ts';
import { until } from '../../lab/clock.ts';
import {
  admin, attach, backstoreVia, detach, deviceOf, type Kind, kinds, megabyte, must, newImage, place, run, settingsOf,
} from './rig.ts';

/** Long enough to get there on a quiet machine; whoever did not asks again. */
const short = { deadlineMs: 6000 };

const mapByHand = async (via: Kind, name: string): Promise<string> => {
  const { mapOptions } = settingsOf(via);
  const options = [...(mapOptions === undefined ? [] : ['--options', mapOptions]), '--conf', place.conf];
  return (await must('rbd', 'device', 'map', '--device-type', via, name, ...options, '--id', place.id)).trim();
};

describe.concurrent.each(kinds)('on a real kernel, %s', (via) => {
  backstoreContract(via, async () => {
    const spec = await newImage(8);
    return {
      backstore: backstoreVia(via),
      spec,
      sizeBytes: 8 * megabyte,
      grow: async () => void (await admin('rbd', 'resize', `rbd/${spec.image}`, '--size', '16', '--no-progress')),
      remove: async () => void (await admin('rbd', 'remove', `rbd/${spec.image}`, '--no-progress')),
    };
  });

  test('leaves alone what is mapped of that name in a namespace, and of a snapshot', async () => {
    const spec = await newImage();
    const space = `rbd/${spec.image}-space`;
    await admin('rbd', 'namespace', 'create', space);
    await admin('rbd', 'create', `${space}/${spec.image}`, '--size', '8');
    await admin('rbd', 'snap', 'create', `rbd/${spec.image}@monday`);
    const names = [`${space}/${spec.image}`, `rbd/${spec.image}@monday`];
    const others = await Promise.all(names.map((name) => mapByHand(via, name)));
    expect(others).not.toContain(await deviceOf(via, spec));
    expect(await detach(via, spec)).toEqual(done(null));
    const listed = await must('rbd', 'device', 'list', '--device-type', via);
    for (const other of others) expect(listed).toMatch(new RegExp(`${other}\\s*$`, 'm'));
    await Promise.all(others.map((other) => must('rbd', 'device', 'unmap', '--device-type', via, other)));
  });

  test('takes no failed read for an empty list', async () => {
    const nowhere = rbdBackstore({ run, ...settingsOf(via), conf: '/nowhere/ceph.conf' });
    const spec = { kind: 'rbd', pool: 'rbd', image: 'one' } as const;
    expect(await nowhere.ensureDetached({ disk: '1', spec }, { deadlineMs: 2000 })).toMatchObject({ kind: 'unknown' });
  });
});

test('krbd is refused by a Ceph that speaks msgr2 alone, and says so', async () => {
  const legacy = rbdBackstore({ run, conf: place.conf, id: place.id, via: 'krbd' });
  expect(await legacy.ensureAttached({ disk: '1', spec: await newImage() }, patience)).toMatchObject({
    kind: 'refused', reason: expect.stringContaining('possible ms_mode mismatch'),
  });
});

test('krbd is unknown while udev hangs, and then found as it was mapped', async () => {
  const spec = await newImage();
  process.kill(place.udevPid, 'SIGSTOP');
  try {
    expect(await attach('krbd', spec, short)).toMatchObject({ kind: 'unknown' });
    await until('it is found', 120_000, async () => (await attach('krbd', spec, short)).kind === 'done');
    expect(await detach('krbd', spec, short)).toMatchObject({ kind: 'unknown' });
    await until('it is gone', 120_000, async () => (await detach('krbd', spec, short)).kind === 'done');
  } finally {
    process.kill(place.udevPid, 'SIGCONT');
  }
});
