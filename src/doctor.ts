// Looks at a host through the real adapters. Composition root of `pathwarden doctor`, as main.ts is of the daemon.
import { readFile } from 'node:fs/promises';
import { imagesLook } from '../adapters/backstore/look.ts';
import { systemClock } from '../adapters/clock/system.ts';
import { consulLook } from '../adapters/consul/look.ts';
import { systemHost } from '../adapters/doctor/host.ts';
import { cephLook } from '../adapters/fence/ceph-look.ts';
import { openKeyring } from '../adapters/peers/keyring.ts';
import { peerKnock } from '../adapters/peers/knock.ts';
import { createRunner, type Run } from '../adapters/run.ts';
import { lioSizes } from '../adapters/target/lio-sizes.ts';
import { tgtLook } from '../adapters/target/tgt-look.ts';
import { checkRules } from '../adapters/traffic/nft.ts';
import { checkWatchdog } from '../adapters/watchdog/check.ts';
import type { Config } from './config/config.ts';
import { loadTolerantly } from './config/tolerant.ts';
import { consulApiOf } from './consul-api.ts';
import { keys } from './core/records.ts';
import { defined } from './defined.ts';
import { configurationFindings } from './doctor/configuration.ts';
import { examine } from './doctor/examine.ts';
import { asRoot, type Finding } from './doctor/finding.ts';
import type { Ports } from './doctor/setup.ts';
import type { ConsulFactsPort, PeerKnockPort } from './ports/doctor.ts';
import { done, type Outcome, refused, unknown } from './ports/outcome.ts';

export type { Finding };

export interface Examination {
  readonly node: string;
  readonly findings: readonly Finding[];
}

/** Looks, and changes nothing. Trouble is a finding, never an error. */
export async function examineHost(file: string, run: Run = createRunner()): Promise<Examination> {
  const loaded = await loadTolerantly(file);
  const { config } = loaded;
  const tgt = tgtLook({ run, controlPort: config.dataPlane.tgt.controlPort });
  const ports: Ports = {
    host: systemHost({ run, watchdog: checkWatchdog }),
    tgt,
    sizes: config.dataPlane.kind === 'lio' ? lioSizes() : tgt,
    images: imagesLook({ run, ...config.ceph }),
    filter: { check: () => checkRules({ run }, { deadlineMs: 5000 }) },
    consul: await consulOf(config),
    ceph: ({ conf, id, nodes }) => cephLook({ run, conf, id, nodes }),
    peers: await peersOf(config),
  };
  const findings = await examine(config, ports);
  const all = [...configurationFindings(file, loaded), ...findings];
  return { node: config.node.name, findings: all.map((finding) => asRootWith(file, finding)) };
}

/** Who is to ask again as root asks for the same file. */
const asRootWith = (file: string, finding: Finding): Finding =>
  finding.fix === asRoot ? { ...finding, fix: `${asRoot} --config ${file}` } : finding;

/** Of each kind that the daemon writes. None of them is ever made. */
const probes: Readonly<Record<keyof typeof keys, readonly string[]>> = {
  disk: [keys.disk('doctor')],
  path: [keys.path('doctor', 1)],
  node: [keys.node('doctor')],
  connections: [keys.connections('doctor')],
  exclusion: [keys.exclusion('doctor')],
  drain: [keys.drain('doctor')],
  maintenance: [keys.maintenance('doctor'), 'settings/doctor'],
  move: [keys.move('doctor', 1)],
};

async function consulOf(config: Config): Promise<Outcome<ConsulFactsPort>> {
  const { prefix, sessionNode, tokenFile, caFile, certFile, keyFile } = config.consul;
  const unreadable = await firstUnreadable([tokenFile, caFile, certFile, keyFile]);
  if (unreadable !== null) return unreadable;
  try {
    const asked = { prefix, keys: Object.values(probes).flat(), ...defined({ node: sessionNode }) };
    return done(consulLook({ api: await consulApiOf(config), ...asked }));
  } catch {
    // What it says may quote the files.
    return refused('the files with certificate and key cannot be used');
  }
}

async function firstUnreadable(files: readonly (string | undefined)[]): Promise<Outcome<never> | null> {
  for (const file of files) {
    if (file === undefined) continue;
    const code = await readFile(file).then(() => null, codeOf);
    if (code === null) continue;
    if (mayNot(code)) return unknown(`${file} can be read by its owner only`);
    return refused(`${file} cannot be read (${code})`);
  }
  return null;
}

const codeOf = (error: unknown): string => String(Reflect.get(Object(error), 'code'));
const mayNot = (code: string): boolean => code === 'EACCES' || code === 'EPERM';

async function peersOf({ node, peers }: Config): Promise<Outcome<PeerKnockPort>> {
  const { keyFile, previousKeyFile } = peers;
  if (keyFile === undefined) return refused('there is no key');
  const clock = systemClock();
  try {
    const keyring = await openKeyring({ keyFile, ...defined({ previousKeyFile }), clock, onTrouble: () => undefined });
    return done(peerKnock({ node: node.name, keyring }));
  } catch (error) {
    const { message, cause } = error as Error;
    return mayNot(codeOf(cause)) ? unknown(message) : refused(message);
  }
}
