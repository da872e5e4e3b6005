import type { State } from './state.ts';

// Consul's upper bound, whatever the session asked for.
const longestLockDelayMs = 60_000;

export function startLockDelay(state: State, key: string, lockDelayMs: number, nowMs: number): void {
  if (lockDelayMs <= 0) return;
  const untilMs = nowMs + Math.min(lockDelayMs, longestLockDelayMs);
  state.lockDelays.set(key, Math.max(untilMs, state.lockDelays.get(key) ?? 0));
}

export function isLockDelayed(state: State, key: string, nowMs: number): boolean {
  const untilMs = state.lockDelays.get(key);
  if (untilMs === undefined) return false;
  if (nowMs < untilMs) return true;
  state.lockDelays.delete(key);
  return false;
}
