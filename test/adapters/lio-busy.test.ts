// While the kernel disables a group it waits for the storage, and so does whoever reads the rules of that group.
import { expect, test } from 'vitest';
import type { Folder, Shape, Step } from '../../adapters/target/configfs-protocol.ts';
import type { Configfs } from '../../adapters/target/configfs.ts';
import { lioTarget } from '../../adapters/target/lio.ts';
import { done } from '../../src/ports/outcome.ts';

const iqn = 'iqn.2026-11.io.pathwarden:00001';
const patience = { deadlineMs: 10_000 };
const folder = (over: Partial<Folder> = {}): Folder => ({ files: {}, folders: {}, links: {}, ...over });

/** Group 1 is open and being disabled, for ever if `givenUp`; group 2, if there is one, is open. */
function stuckKernel({ hasSibling = true, givenUp = true } = {}) {
  const written: Step[] = [];
  const file = `iscsi/${iqn}/tpgt_1/enable`;
  const group = (tag: number): Folder =>
    folder({
      files: { enable: '1', dynamic_sessions: '' },
      folders: {
        attrib: folder({ files: { generate_node_acls: '1', authentication: '0', demo_mode_write_protect: '0' } }),
        np: folder({ folders: { [`127.0.0.${tag}:3260`]: folder() } }),
        lun: folder({ folders: { lun_1: folder({ links: { disk: '../../core/fileio_1/pathwarden-1' } }) } }),
      },
    });
  const asksForRules = (shape: Shape): boolean => {
    const inner = shape['tpgt_1'] ?? shape['*'];
    return typeof inner === 'object' && typeof inner['attrib'] === 'object' && 'generate_node_acls' in inner['attrib'];
  };
  const target = (shape: Shape): Folder => {
    if (asksForRules(shape)) throw new Error('this would hang');
    const [busy, other] = [group(1), group(2)];
    const stuck = { ...busy, folders: { ...busy.folders, attrib: folder() } };
    return folder({ folders: { tpgt_1: stuck, ...(hasSibling ? { tpgt_2: other } : {}) } });
  };
  const kernel: Configfs = {
    look: async (what) =>
      done(
        what.map(({ folder: at, shape }) => {
          if (at === `iscsi/${iqn}`) return target(shape);
          return at === 'iscsi' ? folder({ folders: { [iqn]: target(shape[iqn] as Shape) } }) : folder();
        }),
      ),
    async change(steps) {
      written.push(...steps);
      return done(null);
    },
    kindOf: async () => done('file'),
    disabling: () => [file],
    givenUp: () => (givenUp ? [file] : []),
  };
  return { plane: lioTarget({ kernel }), written };
}

const first = { iqn, ip: '127.0.0.1', port: 3260, tag: 1 };
const underWay = { kind: 'unknown', reason: expect.stringContaining('commands under way') };

test('a path that is still being closed is not told so again, and not opened', async () => {
  const { plane, written } = stuckKernel();
  expect(await plane.ensureClosed(first, { deadlineMs: 50 })).toMatchObject(underWay);
  expect(await plane.ensureOpen(first, patience)).toMatchObject(underWay);
  const access = { initiators: [] };
  const backing = { kind: 'file' as const, path: '/one', sizeBytes: 1 };
  const spec = { disk: '1', iqn, wwn: 'aabbccdd00000001', access, backing };
  expect(await plane.ensureDefined(spec, patience)).toMatchObject(underWay);
  expect(written).toEqual([]);
});

test('its sibling is opened, and everything is listed', async () => {
  const { plane, written } = stuckKernel();
  expect(await plane.ensureOpen({ ...first, ip: '127.0.0.2', tag: 2 }, patience)).toEqual(done(null));
  expect(written).toEqual([{ expect: `iscsi/${iqn}/tpgt_2/enable`, text: '1' }]);
  expect(await plane.observe(patience)).toMatchObject({
    value: {
      targets: [{ iqn, accepts: true, rules: { initiators: null, users: [] } }],
      portals: [{ ip: '127.0.0.1' }, { ip: '127.0.0.2' }],
    },
  });
});

test.each([true, false])('without a sibling, nobody knows its rules: given up %s', async (givenUp) => {
  const { plane } = stuckKernel({ hasSibling: false, givenUp });
  expect(await plane.observe(patience)).toMatchObject({
    value: { targets: [{ iqn, accepts: false, rules: null }], portals: [{ ip: '127.0.0.1' }] },
  });
});
