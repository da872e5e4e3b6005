// `npm run lab`: real Consul, real iSCSI target, real initiator and pathwarden itself, disturbed in every way we know.
import { parseArgs } from 'node:util';
import { isCi } from '../left-out.ts';
import { now } from './clock.ts';
import { consulBinary } from './get-consul.ts';
import { Network } from './hosts.ts';
import { print } from './print.ts';
import { missingRequirements } from './requirements.ts';
import { emptyReport, message, type Report } from './report.ts';
import { runScenarios } from './run.ts';
import { keptFolder } from './folders.ts';
import { type Choice, Lab } from './lab.ts';
import { faultSettings, standardSettings } from './gateway.ts';
import { onCeph } from './scenarios/ceph/index.ts';
import { faults } from './scenarios/faults/index.ts';
import { scenarios as disturbances } from './scenarios/index.ts';

const skippedExitCode = 77;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    faults: { type: 'boolean', default: false },
    ceph: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    'stock-raft': { type: 'boolean', default: false },
    scenario: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

const scenarios = [...disturbances, ...faults, ...onCeph];
const isCeph = options.ceph || onCeph.some(({ name }) => options.scenario.includes(name));
const chosen = chosenScenarios();

/** Progress is for people; with --json stdout carries nothing but the one object. */
const say = (text: string): void => console.error(text);

// Not exitCode: whatever child still holds a pipe must not hold up the verdict.
process.exit(await main());

async function main(): Promise<number> {
  if (options.help) return help();
  const unknown = options.scenario.filter((name) => scenarios.every((scenario) => scenario.name !== name));
  const missing = missingRequirements(isCeph);
  const failures = [...unknown.map((name) => `there is no scenario ${name}; --help lists them`), ...missing];
  if (failures.length > 0) {
    print({ ...emptyReport(), failures }, options.json);
    // Elsewhere a lab that cannot run is skipped; on CI nobody would notice, so there it fails.
    return unknown.length > 0 || isCi ? 1 : skippedExitCode;
  }
  const report = await run();
  print(report, options.json);
  return report.failures.length === 0 ? 0 : 1;
}

async function run(): Promise<Report> {
  const report = emptyReport();
  const begun = now();
  const network = await Network.open();
  let lab: Lab | undefined;
  const stop = (): void => {
    say('interrupted: cleaning up');
    void close(network, lab).finally(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  try {
    const open = await Lab.open(network, await choice(), (opened) => {
      lab = opened;
    });
    say(`hosts, Consul, targets and daemons run after ${seconds(now() - begun)}; logs are in ${open.folder}`);
    const goes = scenarios.filter((each) => chosen.includes(each) || options.scenario.includes(each.name));
    await runScenarios(open, report, goes, say);
  } catch (error) {
    report.failures.push(message(error));
  } finally {
    await close(network, lab);
  }
  report.metrics['tookSeconds'] = Math.round((now() - begun) / 1000);
  return report;
}

function chosenScenarios(): typeof scenarios {
  if (options.scenario.length > 0) return [];
  if (options.faults) return [...faults];
  return [...(isCeph ? onCeph : disturbances)];
}

async function choice(): Promise<Choice> {
  // Ceph shares the machine with everything else.
  const quick = options.quick || isCeph;
  const isFault = isCeph || options.faults || faults.some(({ name }) => options.scenario.includes(name));
  return {
    consulBinary: await consulBinary(),
    raftMultiplier: options['stock-raft'] ? 5 : 1,
    quick,
    ceph: isCeph,
    settings: isFault ? faultSettings(quick) : standardSettings,
  };
}

async function close(network: Network, lab: Lab | undefined): Promise<void> {
  const keep = options.keep;
  if (lab !== undefined) {
    await lab.close(keep);
    if (keep) say(`logs and journals are kept in ${keptFolder}`);
  } else {
    await network.close();
  }
}

function help(): number {
  console.log('npm run lab -- [--faults [--quick] | --ceph] [--json] [--scenario NAME]… [--keep] [--stock-raft]\n');
  for (const { name, what } of disturbances) console.log(`  ${name.padEnd(20)} ${what}`);
  console.log('\n--faults runs these:\n');
  for (const { name, what } of faults) console.log(`  ${name.padEnd(20)} ${what}`);
  console.log('\n--ceph runs these, with disks that are images of a real Ceph, which is also the fence:\n');
  for (const { name, what } of onCeph) console.log(`  ${name.padEnd(20)} ${what}`);
  console.log('\n--quick shortens long ones, and the lease to 7.5 s.');
  console.log('\n--keep leaves logs, configs and journals in /tmp/pathwarden-lab-<pid>.');
  console.log('--stock-raft runs Consul with raft_multiplier 5 instead of 1.');
  console.log('Exit codes: 0 ok, 1 failures, 77 cannot run here.');
  return 0;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
