// /v1/catalog, /v1/health, /v1/agent and /v1/status.
import { registerNode, setCheck } from './catalog.ts';
import { AgentError } from './errors.ts';
import type { AgentAnswer, AgentRequest, Handler } from './request.ts';
import { awaitIndex, json, parseJson, readHeaders } from './request.ts';
import type { CheckRow } from './state.ts';
import type { Store } from './store.ts';

// What `agent/self` says it is: the version whose answers this agent follows.
const version = '1.8.7';
const datacenter = 'dc1';
const serverAddress = '127.0.0.1:8300';

export const catalogNodes: Handler = async (store, request) => {
  const index = await awaitIndex(store, request, () => store.state.tableIndex.nodes);
  const rows = [...store.state.nodes.values()].sort((a, b) => (a.node < b.node ? -1 : 1));
  const nodes = rows.map(({ node, id, address, createIndex, modifyIndex }) => ({
    ID: id,
    Node: node,
    Address: address,
    Datacenter: datacenter,
    TaggedAddresses: { lan: address, lan_ipv4: address, wan: address, wan_ipv4: address },
    Meta: {},
    CreateIndex: createIndex,
    ModifyIndex: modifyIndex,
  }));
  return json(nodes, readHeaders(index));
};

interface Registration {
  readonly Node?: string;
  readonly ID?: string;
  readonly Address?: string;
  readonly Check?: CheckRegistration;
}

interface CheckRegistration {
  readonly CheckID?: string;
  readonly Name?: string;
  readonly Status?: string;
  readonly Output?: string;
}

export const catalogRegister: Handler = (store, { body }) => {
  const { Node: node = '', ID: id = '', Address: address = '', Check: check } = parseJson(
    body,
    'Request decode failed',
  ) as Registration;
  if (node === '' || address === '') throw new AgentError(500, 'Must provide node and address');
  store.write((state) => {
    registerNode(state, { node, id, address });
    if (check === undefined) return;
    const { CheckID: checkId = check.Name ?? '', Name: name = checkId } = check;
    setCheck(state, { node, checkId, name, status: check.Status ?? 'critical', output: check.Output ?? '' });
  });
  store.endBrokenSessions();
  return json(true);
};

export const catalogDeregister: Handler = (store, { body }) => {
  const { Node: node = '' } = parseJson(body, 'Request decode failed') as Registration;
  if (node === '') throw new AgentError(500, 'Must provide node');
  store.removeNode(node);
  return json(true);
};

export const healthOfNode: Handler = (store, request, node) =>
  listChecks(store, request, (check) => check.node === node);

export const healthInState: Handler = (store, request, status) =>
  listChecks(store, request, (check) => status === 'any' || check.status === status);

async function listChecks(
  store: Store,
  request: AgentRequest,
  wanted: (check: CheckRow) => boolean,
): Promise<AgentAnswer> {
  const index = await awaitIndex(store, request, () => store.state.tableIndex.checks);
  const checks = [...store.state.checks.values()].filter(wanted).map((check) => ({
    Node: check.node,
    CheckID: check.checkId,
    Name: check.name,
    Status: check.status,
    Notes: '',
    Output: check.output,
    ServiceID: '',
    ServiceName: '',
    ServiceTags: [],
    Type: '',
    Definition: {},
    CreateIndex: check.createIndex,
    ModifyIndex: check.modifyIndex,
  }));
  return json(checks, readHeaders(index));
}

export const agentSelf: Handler = (store) =>
  json({
    Config: { Datacenter: datacenter, NodeName: store.nodeName, NodeID: '', Server: true, Version: version },
    Coord: null,
    Member: memberJson(store, store.nodeName),
    Stats: {},
    Meta: {},
  });

export const agentMembers: Handler = (store) =>
  json([...store.state.nodes.keys()].sort().map((node) => memberJson(store, node)));

function memberJson(store: Store, node: string): object {
  const critical = [...store.state.checks.values()].some((check) => check.node === node && check.status === 'critical');
  return {
    Name: node,
    Addr: store.state.nodes.get(node)?.address ?? '',
    Port: 8301,
    Tags: { build: `${version}:`, dc: datacenter, role: 'consul', vsn: '2' },
    // Serf's numbers: 1 alive, 4 failed.
    Status: critical ? 4 : 1,
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}

export const statusLeader: Handler = () => json(serverAddress);

export const statusPeers: Handler = () => json([serverAddress]);
