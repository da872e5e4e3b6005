// Real Consul that lets nobody do what no token allows.
import type { TestAgent } from './agents.ts';
import { realAgent } from './agents.ts';

export const rootToken = '11111111-2222-3333-4444-555555555555';

export interface AclAgent extends TestAgent {
  /** A new token with these rights, in Consul's own words. */
  newToken(name: string, rules: string): Promise<string>;
}

/** `config`: more of it, as HCL. */
export async function aclAgent(config = ''): Promise<AclAgent> {
  const tokens = `tokens { master = "${rootToken}" agent = "${rootToken}" }`;
  const acl = `acl { enabled = true default_policy = "deny" ${tokens} }`;
  const agent = await realAgent({ config: `${acl} ${config}`, token: rootToken });
  const put = async (path: string, body: object): Promise<{ SecretID?: string }> => {
    const options = { method: 'PUT', headers: { 'X-Consul-Token': rootToken }, body: JSON.stringify(body) };
    const response = await fetch(agent.url + path, options);
    if (!response.ok) throw new Error(`PUT ${path}: ${String(response.status)} ${await response.text()}`);
    return (await response.json()) as { SecretID?: string };
  };
  return {
    ...agent,
    async newToken(name, rules) {
      await put('/v1/acl/policy', { Name: name, Rules: rules });
      const { SecretID: secret = '' } = await put('/v1/acl/token', { Policies: [{ Name: name }] });
      return secret;
    },
  };
}
