// Everything a disk can be told. Fields are JSON.
import type { Json } from '../intent.ts';

export type DiskSettings = {
  readonly iqn: string;
  readonly wwn: string;
  readonly backstore: Json;
  readonly access: Json;
};

type Operator = { readonly by: string; readonly reason: string };
type Asked =
  | 'backstore.attach'
  | 'backstore.detach'
  | 'target.define'
  | 'target.remove'
  | 'spec.create'
  | 'spec.setDesired'
  | 'spec.remove';

export type DiskEvent =
  | { readonly type: 'disk.specified'; readonly settings: DiskSettings }
  | { readonly type: 'disk.withdrawn' }
  /** Somebody changed the target by hand, or it is gone. */
  | { readonly type: 'target.changed'; readonly reason: string }
  /** The target is here although no path of this node needs it. */
  | { readonly type: 'target.leftover'; readonly reason: string }
  | { readonly type: 'disk.required' | 'disk.unneeded'; readonly path: string }
  | ({ readonly type: 'operator.add'; readonly spec: Json } & Operator)
  | ({ readonly type: 'operator.start' | 'operator.stop' | 'operator.remove' } & Operator)
  | { readonly type: 'retry.due' }
  | { readonly type: 'backstore.attached'; readonly backing: Json }
  | { readonly type: 'backstore.detached' | 'target.defined' | 'target.removed' }
  | { readonly type: 'spec.created' | 'spec.desiredSet' | 'spec.removed' }
  | { readonly type: `${Asked}Refused`; readonly reason: string; readonly code?: string }
  | { readonly type: `${Asked}Unknown`; readonly reason: string };
