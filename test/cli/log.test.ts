import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';

function logged(write: (log: ReturnType<typeof createLog>) => void, level = 'info'): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLog({ level, node: 'gw1', stream: { write: (line: string) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('a line is one JSON object with the node, the level in words and the time', () => {
  const [line] = logged((log) => {
    log.info({ data: { index: 3 } }, 'view changed');
  });
  expect(line).toMatchObject({ level: 'info', node: 'gw1', msg: 'view changed', data: { index: 3 } });
  expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test('lines below the level are not written', () => {
  expect(logged((log) => log.info('settled'), 'warn')).toEqual([]);
});

test('secrets are not written, at any depth that our data has', () => {
  const secrets = {
    token: 's3cr3t',
    data: { secret: 's3cr3t', chap: { password: 's3cr3t', chapSecret: 's3cr3t' } },
    request: { headers: { authorization: 's3cr3t', 'x-consul-token': 's3cr3t', accept: 'text/plain' } },
  };
  const [line] = logged((log) => {
    log.child({ part: 'http' }).warn(secrets, 'request failed');
  });
  expect(JSON.stringify(line)).not.toContain('s3cr3t');
  expect(JSON.stringify(line)).toContain('text/plain');
});

test('the names of secret files are written', () => {
  const [line] = logged((log) => {
    log.info({ data: { tokenFile: '/etc/pathwarden/consul.token' } }, 'read');
  });
  expect(line?.['data']).toEqual({ tokenFile: '/etc/pathwarden/consul.token' });
});
