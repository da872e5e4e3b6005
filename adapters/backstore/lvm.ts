// A logical volume of a volume group that the gateways share: active while a disk of this node needs it.
import type { BackstorePort, BackstoreSpec } from '../../src/ports/dataplane.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { fieldOf, parsed } from '../json.ts';
import { describe, failure, type Run, type RunResult, shareDeadline } from '../run.ts';
import type { Left } from '../turns.ts';
import { openDevice } from './open-image.ts';

type Volume = Extract<BackstoreSpec, { kind: 'lvm' }>;

/**
 * Other gateways have the volume active at the same time, so it is never locked for one alone: in a volume group under
 * lvmlockd it is activated shared, which lvmlockd refuses while another host holds it for itself.
 */
export function lvmBackstore({ run }: { run: Run }): BackstorePort {
  const refusal = ({ kind }: BackstoreSpec) => refused(`the lvm backstore cannot serve a ${kind} image`);
  return {
    async ensureAttached({ spec }, options) {
      if (spec.kind !== 'lvm') return refusal(spec);
      const left = shareDeadline(options);
      const seen = await look(run, spec, left());
      if (seen.kind !== 'done') return seen;
      const how = seen.value.isLocked ? '-asy' : '-ay';
      const active = seen.value.isActive ? done(null) : await change(run, [how, nameOf(spec)], left);
      if (active.kind !== 'done') return active;
      const path = `/dev/${nameOf(spec)}`;
      const device = await openDevice(run, path, left());
      return device.kind === 'done' ? done({ kind: 'block', path, sizeBytes: device.value.sizeBytes }) : device;
    },
    async ensureDetached({ spec }, options) {
      if (spec.kind !== 'lvm') return refusal(spec);
      const left = shareDeadline(options);
      const seen = await look(run, spec, left());
      if (seen.kind === 'refused' && seen.code === 'gone') return goneHere(run, spec, left());
      if (seen.kind !== 'done') return seen;
      return seen.value.isActive ? change(run, ['-an', nameOf(spec)], left) : done(null);
    },
  };
}

const nameOf = ({ group, volume }: Volume): string => `${group}/${volume}`;

interface Sight {
  readonly isActive: boolean;
  /** lvmlockd decides on which hosts it may be active. */
  readonly isLocked: boolean;
}

async function look(run: Run, spec: Volume, options: CallOptions): Promise<Outcome<Sight>> {
  const fields = ['--options', 'lv_attr,vg_lock_type', '--reportformat', 'json'];
  const result = await run(['lvs', ...fields, nameOf(spec)], options);
  if (result.kind !== 'exited') return failure(result);
  if (result.code !== 0) return unlisted(spec, result);
  const [row, ...others] = volumeRows(result.stdout) ?? [];
  const [attributes, lock] = [fieldOf(row, 'lv_attr'), fieldOf(row, 'vg_lock_type')];
  // The fifth letter is the state; X where the kernel could not be asked, which LVM calls inactive elsewhere.
  const state = typeof attributes === 'string' ? attributes[4] : undefined;
  if (others.length > 0 || typeof lock !== 'string' || state === undefined || state === 'X') {
    return unknown(`whether ${nameOf(spec)} is active cannot be read: ${describe(result)}`);
  }
  return done({ isActive: state !== '-', isLocked: lock !== '' && lock !== 'none' });
}

function unlisted(spec: Volume, result: RunResult): Outcome<never> {
  const isMissing = 'stderr' in result && /Failed to find logical volume|Volume group .* not found/.test(result.stderr);
  if (isMissing) return refused(`logical volume ${nameOf(spec)} does not exist`, 'gone');
  return unknown(`logical volume ${nameOf(spec)} cannot be read: ${describe(result)}`);
}

/** LVM also finds none whose disks are out of reach, and that one may be active still. */
async function goneHere(run: Run, spec: Volume, options: CallOptions): Promise<Outcome> {
  const device = await openDevice(run, `/dev/${nameOf(spec)}`, options);
  if (device.kind === 'refused' && device.code === 'gone') return done(null);
  return unknown(`LVM does not find ${nameOf(spec)}, but its device is still here`);
}

/** Of `lvs --reportformat json`; null when it is not understood. */
export function volumeRows(report: string): readonly unknown[] | null {
  const reports = fieldOf(parsed(report), 'report');
  const rows = Array.isArray(reports) ? fieldOf(reports[0], 'lv') : null;
  return Array.isArray(rows) ? (rows as unknown[]) : null;
}

async function change(run: Run, argv: readonly string[], left: Left): Promise<Outcome> {
  const result = await run(['lvchange', ...argv], left());
  return result.kind === 'exited' && result.code === 0 ? done(null) : failure(result);
}
