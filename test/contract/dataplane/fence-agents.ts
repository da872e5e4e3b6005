// Debian's fence-agents, for the tests that need them.
import { existsSync } from 'node:fs';

/** In CI their absence is a failure, not a reason to skip. */
export function fenceAgentsMissing(): boolean {
  const missing = !existsSync('/usr/sbin/fence_dummy');
  const required = process.env['CI'] !== undefined || process.env['PATHWARDEN_REQUIRE_REAL'] === '1';
  if (missing && required) throw new Error('the Debian package fence-agents is not installed');
  return missing;
}
