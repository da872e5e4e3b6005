// Times and lengths of time as people read them.

const two = (number) => String(number).padStart(2, '0');

let skewMs = 0;

/** The daemon's clock decides how long something has lasted, not the clock of whoever looks. */
export function learnServerTime(at) {
  skewMs = at - Date.now();
}

export const serverNow = () => Date.now() + skewMs;

export function clock(ms) {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function dayAndClock(ms) {
  const date = new Date(ms);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock(ms)}`;
}

export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

export const tenths = (ms) => (ms < 60_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s ago` : `${duration(ms)} ago`);

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** XState's value of a record as a dotted path. */
export function dotted(value) {
  if (typeof value === 'string') return value;
  if (value === null || typeof value !== 'object') return '';
  return Object.entries(value)
    .map(([key, inner]) => [key, dotted(inner)].filter((part) => part !== '').join('.'))
    .join(' + ');
}
