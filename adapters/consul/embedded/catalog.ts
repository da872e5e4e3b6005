// Nodes and their health checks.
import type { CheckRow, State } from './state.ts';

const serfHealth = 'serfHealth';

export const checkKey = (node: string, checkId: string): string => `${node}\0${checkId}`;

export function registerNode(state: State, request: { node: string; id: string; address: string }): void {
  const found = state.nodes.get(request.node);
  if (found !== undefined && found.address === request.address && found.id === request.id) return;
  const createIndex = found?.createIndex ?? state.index;
  state.nodes.set(request.node, { ...request, createIndex, modifyIndex: state.index });
  state.tableIndex.nodes = state.index;
}

export function setCheck(state: State, request: Omit<CheckRow, 'createIndex' | 'modifyIndex'>): void {
  const key = checkKey(request.node, request.checkId);
  const found = state.checks.get(key);
  if (found !== undefined && found.status === request.status && found.output === request.output) return;
  const createIndex = found?.createIndex ?? state.index;
  state.checks.set(key, { ...request, createIndex, modifyIndex: state.index });
  state.tableIndex.checks = state.index;
}

export function setSerfHealth(state: State, node: string, alive: boolean): void {
  const [status, output] = alive
    ? ['passing', 'Agent alive and reachable']
    : ['critical', 'Agent not live or unreachable'];
  setCheck(state, { node, checkId: serfHealth, name: 'Serf Health Status', status, output });
}

export function removeNode(state: State, node: string): void {
  if (!state.nodes.delete(node)) return;
  state.tableIndex.nodes = state.index;
  for (const [key, check] of state.checks) {
    if (check.node !== node) continue;
    state.checks.delete(key);
    state.tableIndex.checks = state.index;
  }
}

/** Sessions that end because their node went or one of their checks is critical or gone. */
export const sessionsToEnd = (state: State): string[] =>
  [...state.sessions.values()]
    .filter(
      ({ node, nodeChecks }) =>
        !state.nodes.has(node) ||
        nodeChecks.some((checkId) => {
          const check = state.checks.get(checkKey(node, checkId));
          return check === undefined || check.status === 'critical';
        }),
    )
    .map(({ id }) => id);
