// What is shown on a real Ceph, in the order in which a run goes through it.
import type { Scenario } from '../scenario.ts';
import { cephKillHost } from './kill-host.ts';
import { cephResize } from './resize.ts';
import { cephStaleWrite } from './stale-write.ts';
import { cephUnfence } from './unfence.ts';

export const onCeph: readonly Scenario[] = [cephResize, cephKillHost, cephStaleWrite, cephUnfence];
