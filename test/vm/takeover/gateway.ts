// Runs inside a gateway of the take-over: a Consul agent, the kernel's target and pathwarden, until it is told to end.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { until } from '../../lab/clock.ts';
import { consulBinary } from '../../lab/get-consul.ts';
import { launch, run } from '../../lab/processes.ts';
import { patienceMs } from '../cluster.ts';
import { sayLogs } from '../logs.ts';
import { gatewayHosts, gatewayIn, initiatorHost, joinNetwork, patientGossip } from './hosts.ts';

const end = '/run/out/end';
const aDayMs = 86_400_000;

const [name = '', folder = '', power = ''] = process.argv.slice(2);
const host = gatewayHosts.find((one) => one.name === name);
if (host === undefined) throw new Error(`there is no gateway ${name}`);
await joinNetwork(host.address);
await run(['modprobe', '-a', 'configfs', 'nf_tables'], patienceMs);
await run(['mount', '-t', 'configfs', 'configfs', '/sys/kernel/config'], patienceMs);
await run(['modprobe', '-a', 'target_core_mod', 'target_core_iblock', 'iscsi_target_mod'], patienceMs);
mkdirSync(`${folder}/${name}/consul`, { recursive: true });
const agent = launch(
  [
    await consulBinary(), 'agent', `-node=${name}`, `-data-dir=${folder}/${name}/consul`, `-bind=${host.address}`,
    '-client=127.0.0.1', `-retry-join=${initiatorHost.address}`, '-retry-interval=2s', '-disable-host-node-id',
    '-hcl', patientGossip,
  ],
  `${folder}/${name}/consul.log`,
);
const gateway = gatewayIn(folder, host, power);
gateway.start();
await until('the end', aDayMs, () => existsSync(end) && readFileSync(end, 'utf8') !== '', 1000);
// They tell why.
if (readFileSync(end, 'utf8') !== 'good') sayLogs([`${folder}/${name}`]);
await gateway.stop();
agent.kill('SIGKILL');
process.exit(0);
