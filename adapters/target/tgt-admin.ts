// One tgtd, spoken to through its command line.
import { isWildcard, plainIp } from '../../src/ports/ip.ts';
import { type CallOptions, done, type Outcome, refused, unknown } from '../../src/ports/outcome.ts';
import { describe, failure, type Run } from '../run.ts';
import { sharedCall } from '../shared-call.ts';
import { readAccounts, readPortals, readTargets, type TgtPortal, type TgtTarget } from './tgt-show.ts';

export interface TgtAdmin {
  targets(options: CallOptions): Promise<Outcome<readonly TgtTarget[]>>;
  portals(options: CallOptions): Promise<Outcome<readonly TgtPortal[]>>;
  accounts(options: CallOptions): Promise<Outcome<readonly string[]>>;
  /** A command that changes something. `secrets` never show in what comes back. */
  change(argv: readonly string[], options: CallOptions, secrets?: readonly string[]): Promise<Outcome>;
}

export function tgtAdmin(settings: { run: Run; controlPort: number }): TgtAdmin {
  const call = (argv: readonly string[], options: CallOptions, secrets: readonly string[] = []) =>
    settings.run(['tgtadm', '-C', String(settings.controlPort), '--lld', 'iscsi', ...argv], { ...options, secrets });

  async function show<T>(mode: string, read: (text: string) => T | null, options: CallOptions): Promise<Outcome<T>> {
    const result = await call(['--mode', mode, '--op', 'show'], options);
    if (result.kind === 'missing') return failure(result);
    // A tgtd that does not answer says nothing about what it serves.
    if (result.kind === 'unknown' || result.code !== 0) return unknown(`tgtd cannot be read: ${describe(result)}`);
    const value = read(result.stdout);
    if (value !== null) return done(value);
    return unknown(`tgtd cannot be read: ${result.command} printed something unexpected`);
  }

  return {
    targets: sharedCall((options) => show('target', readTargets, options)),
    portals: sharedCall((options) => show('portal', readPortals, options)),
    accounts: (options) => show('account', readAccounts, options),
    async change(argv, options, secrets) {
      const result = await call(argv, options, secrets);
      if (result.kind !== 'exited') return failure(result);
      if (result.code === 0) return done(null);
      return result.code === answeredNo ? refused(describe(result)) : unknown(describe(result));
    },
  };
}

// tgtadm exits with EINVAL when tgtd itself said no; anything else is trouble on the way to it.
const answeredNo = 22;

/** The same text for the same portal, whichever way its address is written. */
export const portalName = ({ ip, port }: TgtPortal): string => portalText({ ip: plainIp(ip), port });

/** `IP:port` as tgtadm writes it. */
export const portalText = (portal: TgtPortal): string =>
  portal.ip.includes(':') ? `[${portal.ip}]:${portal.port}` : `${portal.ip}:${portal.port}`;

/** Refused when tgtd listens everywhere, for then no portal can be closed. */
export async function portalsWithoutWildcard(
  admin: TgtAdmin,
  options: CallOptions,
): Promise<Outcome<readonly TgtPortal[]>> {
  const portals = await admin.portals(options);
  if (portals.kind !== 'done') return portals;
  const wildcard = portals.value.find(({ ip }) => isWildcard(ip));
  if (wildcard === undefined) return portals;
  const fix = `start it with --iscsi portal=127.0.0.1:${wildcard.port}`;
  return refused(`tgtd listens on every address (portal ${portalText(wildcard)}): ${fix}`, 'wildcard');
}
