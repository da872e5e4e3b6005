// Fills in what the file leaves out, so that everything after it sees one complete object.
import type { TSchema } from 'typebox';
import { ConfigSchema } from './schema.ts';

type Plain = Record<string, unknown>;

/** A copy of `value` with every default filled in. What is wrong stays as it is, for the checks to find. */
export function resolveDefaults(value: unknown, hostname: string): unknown {
  const config = fill(ConfigSchema, value);
  if (!isPlain(config)) return config;
  const at = (name: string): Plain => (isPlain(config[name]) ? config[name] : {});
  const { stateDir } = at('node');
  at('node')['name'] ??= hostname;
  fillSession(at('session'));
  const directory = typeof stateDir === 'string' ? stateDir.replace(/\/+$/, '') : '/var/lib/pathwarden';
  if (at('peers')['listen'] !== undefined) at('peers')['advertise'] ??= at('peers')['listen'];
  at('ceph')['via'] ??= at('dataPlane')['kind'] === 'tgt' ? 'librbd' : 'krbd';
  at('http')['operatorTokenFile'] ??= `${directory}/operator-token`;
  at('journal')['file'] ??= `${directory}/journal.sqlite`;
  const { methods } = at('exclusion');
  for (const method of Array.isArray(methods) ? methods : []) {
    if (!isPlain(method)) continue;
    const { method: name } = method;
    if (['command', 'fenceAgent', 'ceph'].includes(String(name))) method['deadlineMs'] ??= at('deadlines')['fenceMs'];
    if (name === 'ceph') {
      method['conf'] ??= at('ceph')['conf'];
      method['id'] ??= at('ceph')['id'];
    }
    if (name === 'sshPoweroff') method['deadlineMs'] ??= 3000;
  }
  return config;
}

/** Shorter TTLs get shorter times of their own, so that the TTL can be changed alone. */
function fillSession(session: Plain): void {
  // Wrong values get one mistake of their own, not more for what would follow from them.
  const sound = (value: unknown, least: number): value is number => typeof value === 'number' && value >= least;
  const ttlMs = sound(session['ttlMs'], 10_000) ? session['ttlMs'] : 20_000;
  session['marginMs'] ??= Math.min(5000, Math.floor(ttlMs / 4));
  const marginMs = sound(session['marginMs'], 500) ? session['marginMs'] : 5000;
  session['renewEveryMs'] ??= Math.max(200, Math.min(2000, Math.floor((ttlMs - marginMs) / 3)));
}

function fill(schema: TSchema, value: unknown): unknown {
  const given = value ?? undefined;
  if (!('properties' in schema)) {
    return structuredClone(given === undefined && 'default' in schema ? schema.default : value);
  }
  // A section without anything in it, `consul:`, is as good as none.
  if (given !== undefined && !isPlain(given)) return given;
  const result: Plain = { ...given };
  for (const [key, property] of Object.entries(schema.properties as Record<string, TSchema>)) {
    const filled = fill(property, given?.[key]);
    if (filled !== undefined) result[key] = filled;
  }
  return result;
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
