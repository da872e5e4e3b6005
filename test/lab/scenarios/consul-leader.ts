// Only the Consul server that leads dies; its host, target and daemon live on without an agent to talk to.
import { now, sleep } from '../clock.ts';
import { keepTakeover } from './host.ts';
import type { Scenario } from './scenario.ts';

export const killConsulLeader: Scenario = {
  name: 'kill-consul-leader',
  what: 'the Consul server that leads is killed',
  async run(lab, report) {
    const leader = await lab.consul.leader();
    if (leader === undefined) throw new Error('Consul has no leader');
    const paths = lab.pathsOf(leader.name);
    const others = lab.paths.filter((path) => !paths.includes(path));
    const from = now();
    await lab.consul.kill(leader);
    await lab.servedElsewhere(paths, leader.name, 60_000);
    await sleep(2000);
    await keepTakeover(lab, report, 'killConsulLeader', { paths, others, from, mostMs: 30_000 });
    if (leader.powered) lab.consul.start(leader);
    else await lab.boot(leader.name);
  },
};
