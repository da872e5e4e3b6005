import { pino } from 'pino';
import { buildHttp } from '../../src/http/app.ts';
import type { App, HttpLimits } from '../../src/http/route-context.ts';
import { FakeInspector } from './fake-inspector.ts';

export const token = 'correct horse battery staple'.replaceAll(' ', '-');

export interface Harness {
  readonly inspector: FakeInspector;
  readonly app: App;
  /** Lines the app logged. */
  readonly logged: { msg: string; [key: string]: unknown }[];
}

export function harness(limits: Partial<HttpLimits> = {}, withToken: string | null = token): Harness {
  const inspector = new FakeInspector();
  const logged: Harness['logged'] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(JSON.parse(line)) });
  return { inspector, app: buildHttp({ inspector, token: withToken, log, limits }), logged };
}
