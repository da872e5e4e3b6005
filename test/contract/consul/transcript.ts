// Writes down requests and answers so that two agents can be compared: raft indexes become their rank, ids their order.

export interface Answer {
  readonly status: number;
  readonly index: number;
  readonly text: string;
  /** Of a JSON answer; otherwise undefined. */
  readonly json: unknown;
}

export interface Recorder {
  readonly send: Send;
  /** Sends without writing it down. */
  readonly quietly: Send;
  readonly session: (body: object) => Promise<string>;
  readonly transcript: () => string;
}

type Send = (method: string, path: string, body?: string | object) => Promise<Answer>;

const comparedHeaders = ['content-type', 'x-consul-index', 'x-consul-knownleader', 'x-consul-lastcontact', 'allow'];

export function openRecorder(url: string): Recorder {
  const lines: string[] = [];
  const quietly: Send = async (method, path, body) => (await request(url, method, path, body)).answer;
  return {
    async send(method, path, body) {
      const { answer, headers } = await request(url, method, path, body);
      lines.push(`> ${method} ${path}${body === undefined ? '' : ` ${textOf(body)}`}`, `< ${answer.status}${headers}`);
      for (const line of pretty(answer)) lines.push(`< ${line}`);
      lines.push('');
      return answer;
    },
    quietly,
    async session(body) {
      const { json } = await quietly('PUT', '/v1/session/create', body);
      return (json as { ID: string }).ID;
    },
    transcript: () => normalised(lines.join('\n')),
  };
}

async function request(
  url: string,
  method: string,
  path: string,
  body?: string | object,
): Promise<{ answer: Answer; headers: string }> {
  const response = await fetch(url + path, { method, ...(body === undefined ? {} : { body: textOf(body) }) });
  const text = (await response.text()).trimEnd();
  const index = Number(response.headers.get('x-consul-index') ?? 0);
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const headers = comparedHeaders.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [` ${name}=${value.replace('; charset=utf-8', '')}`];
  });
  const json: unknown = isJson ? JSON.parse(text) : undefined;
  return { answer: { status: response.status, index, text, json }, headers: headers.join('') };
}

const textOf = (body: string | object): string => (typeof body === 'string' ? body : JSON.stringify(body));

// One line per row, keys in the order in which they came.
function pretty({ json, text }: Answer): string[] {
  if (Array.isArray(json)) return json.length === 0 ? ['[]'] : json.map((row) => JSON.stringify(row));
  if (json !== undefined) return [JSON.stringify(json)];
  return text === '' ? [] : text.split('\n');
}

function normalised(text: string): string {
  const seen = [...text.matchAll(/(?:"(?:Create|Modify)Index":|x-consul-index=|modify index )(\d+)/g)];
  const ranks = [...new Set(seen.map(([, index]) => Number(index)))].sort((a, b) => a - b);
  const ranked = text.replaceAll(
    /("(?:Create|Modify|)Index":|x-consul-index=|modify index |[?&](?:index|cas)=)(\d+)/g,
    (whole, name: string, index: string) => {
      const rank = ranks.indexOf(Number(index));
      return rank < 0 ? whole : `${name}#${rank + 1}`;
    },
  );
  const ids: string[] = [];
  return ranked.replaceAll(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g, (id) => {
    if (id.startsWith('00000000-')) return id;
    if (!ids.includes(id)) ids.push(id);
    return `session-${ids.indexOf(id) + 1}`;
  });
}
