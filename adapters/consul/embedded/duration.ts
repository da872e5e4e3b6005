// Durations as Go writes them: `10s`, `1m30s`, `1.5h`, `250ms`.
const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Milliseconds; null when the text is no duration. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0;
  const [, whole, of = ''] = /^(\d+)(ms|s)$/.exec(text) ?? [];
  if (whole !== undefined) return Number(whole) * (unitsMs[of] ?? 0);
  if (!/^([+-]?\d*\.?\d+(ns|us|µs|ms|s|m|h))+$/.test(text)) return null;
  let totalMs = 0;
  for (const [, amount, unit] of text.matchAll(/([+-]?\d*\.?\d+)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(amount) * (unitsMs[unit ?? ''] ?? 0);
  }
  return totalMs;
}

/** `1500` → `1.5s`: Consul's own parser takes every fraction. */
export const formatDuration = (ms: number): string => `${ms / 1000}s`;
