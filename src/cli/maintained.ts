// Whether a node, or the whole cluster, is in maintenance.
import type { ClusterSummary, MaintenanceSummary } from '../ports/inspector.ts';
import { findNode } from './find.ts';

/** Of the cluster when no node is named. */
export const maintained = (cluster: ClusterSummary, node: string | undefined): MaintenanceSummary | null =>
  (node === undefined ? cluster : findNode(cluster, node)).maintenance;
