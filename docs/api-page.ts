// The reference of the HTTP interface, made from the schemas of its routes.
import { buildHttp } from '../src/http/app.ts';
import { createLog } from '../src/log.ts';
import type { InspectorPort } from '../src/ports/inspector.ts';
import { code, table } from './table.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly required?: boolean;
}

interface Operation {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly parameters?: readonly Parameter[];
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly security?: readonly unknown[];
}

interface Route {
  readonly method: string;
  readonly url: string;
  readonly operation: Operation;
}

const introduction = `# HTTP reference

<!-- Generated from src/http by \`npm run docs\`. Do not edit. -->

All routes of the inspector. An agent serves the same with every schema as OpenAPI 3.1 at \`/v1/openapi.json\`.
How to use them: [the inspector](../integrate/inspector.md). Refused requests are answered with
\`{code, message, facts}\`; the codes are in [errors.md](errors.md).`;

/** The Markdown page `docs/reference/api.md`. */
export async function apiPage(): Promise<string> {
  const app = buildHttp({ inspector: nobody, token: null, log: createLog({ level: 'silent', node: '' }) });
  await app.ready();
  const paths = (app.swagger().paths ?? {}) as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  await app.close();
  const routes = Object.entries(paths).flatMap(([url, operations]) =>
    Object.entries(operations).map(([method, operation]): Route => ({ method, url, operation })),
  );
  const groups = Object.groupBy(routes, ({ operation }) => operation.tags?.[0] ?? 'other');
  const texts = Object.entries(groups).map(([tag, members = []]) => `## ${tag}\n\n${routesTable(members)}`);
  return `${[introduction, ...texts].join('\n\n')}\n`;
}

function routesTable(routes: readonly Route[]): string {
  const rows = routes.map(({ method, url, operation }) => [
    code(`${method.toUpperCase()} ${url.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    `${operation.summary ?? ''}${operation.security === undefined ? '' : '. Needs the operator token'}`,
    queryText(operation.parameters ?? []),
    Object.keys(operation.responses ?? {}).join(', '),
  ]);
  return table(['route', 'answers', 'query', 'status'], rows);
}

const queryText = (parameters: readonly Parameter[]): string =>
  parameters
    .filter((each) => each.in === 'query')
    .map(({ name, description = '' }) => `${code(name)} ${description}`.trim())
    .join('<br>');

/** Routes are described and never called here. */
const nobody = { version: '' } as InspectorPort;
