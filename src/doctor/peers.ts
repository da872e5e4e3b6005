// The other daemons, asked directly: our address is here, and those that live answer with the same key.
import { plainIp } from '../ports/ip.ts';
import { asRoot, type Finding, sayIn } from './finding.ts';
import type { Setup } from './setup.ts';

const say = sayIn('peers');

export async function peerFindings(setup: Setup): Promise<readonly Finding[]> {
  const { listen } = setup.config.peers;
  if (listen === undefined) return [];
  return [await listenFinding(setup, listen), keyFinding(setup), ...(await answerFindings(setup, listen))];
}

async function listenFinding({ ports: { host } }: Setup, listen: string): Promise<Finding> {
  const what = 'address';
  const ip = listen.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (/^[0.:]+$/.test(ip)) return say.ok(what, `${listen}, every address of this host`);
  const links = await host.links();
  if (links.kind !== 'done') return say.unknown(what, links.reason);
  const link = links.value.find(({ addresses }) => addresses.some((each) => plainIp(each.ip) === plainIp(ip)));
  if (link !== undefined) return say.ok(what, `${listen} on ${link.name}`);
  return say.failure(what, `this host does not have ${ip}`, 'ip -br addr   # and then peers.listen');
}

function keyFinding({ config, ports }: Setup): Finding {
  const what = 'key';
  const file = config.peers.keyFile ?? '';
  if (ports.peers.kind === 'done') return say.ok(what, `${file}, long enough and for its owner only`);
  if (ports.peers.kind === 'unknown') return say.unknown(what, ports.peers.reason, asRoot);
  const make = `(umask 077 && openssl rand -hex 32 > ${file})   # the same on all nodes`;
  return say.failure(what, ports.peers.reason, make);
}

/** Only nodes that Consul says are alive: of the others everybody knows that they do not answer. */
async function answerFindings({ config, ports, view }: Setup, listen: string): Promise<readonly Finding[]> {
  const others = [...(view?.nodes.values() ?? [])].flatMap(({ record: { node, peers }, session }) =>
    node === config.node.name || session === null ? [] : [{ node, address: peers }],
  );
  if (others.length === 0 || ports.peers.kind !== 'done') return [];
  const port = ports.peers.value;
  return Promise.all(
    others.map(async ({ node, address }) => {
      if (address === undefined) {
        const fix = `peers: { listen: ${listen}, keyFile: /etc/pathwarden/peers.key }   # there, with its address`;
        return say.warning(node, 'has peers off', fix);
      }
      const answer = await port.knock({ node, address });
      if (answer.kind === 'done') return say.ok(node, `${address} answers with our key`);
      const fix = `nft list ruleset   # UDP ${address} open both ways? the same peers.keyFile there?`;
      return answer.kind === 'unknown' ? say.unknown(node, answer.reason, fix) : say.failure(node, answer.reason, fix);
    }),
  );
}
