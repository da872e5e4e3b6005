import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { configNotices, loadConfig, type Mistake, parseConfig } from '../../src/config/config.ts';
import { PathwardenError } from '../../src/errors.ts';

const parse = (text: string) => parseConfig(text, 'test.yaml', { hostname: 'gw9' });

function refusal(text: string): PathwardenError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof PathwardenError) return error;
    throw error;
  }
  throw new Error('the configuration was taken');
}

const mistakes = (text: string): readonly Mistake[] => refusal(text).facts['mistakes'] as readonly Mistake[];
const keys = (text: string): readonly string[] => mistakes(text).map((mistake) => mistake.key);

test('an empty file is a right one, with every default filled in', () => {
  const config = parse('');
  expect(config.node).toEqual({ name: 'gw9', roles: ['gateway'], stateDir: '/var/lib/pathwarden', onStop: 'keep' });
  expect(config.consul).toEqual({ url: 'http://127.0.0.1:8500', prefix: 'pathwarden/' });
  expect(config.session).toEqual({
    ttlMs: 20_000,
    lockDelayMs: 15_000,
    nodeHealth: true,
    marginMs: 5000,
    renewEveryMs: 2000,
  });
  expect(config.http.operatorTokenFile).toBe('/var/lib/pathwarden/operator-token');
  expect(config.journal.file).toBe('/var/lib/pathwarden/journal.sqlite');
  expect(config.announceAtMs).toEqual([0, 200, 500, 1000, 2000, 5000]);
});

test('files of the state directory follow it', () => {
  const config = parse('node:\n  stateDir: /srv/state/\n');
  expect(config.http.operatorTokenFile).toBe('/srv/state/operator-token');
  expect(config.journal.file).toBe('/srv/state/journal.sqlite');
});

test('a section with nothing in it is as good as none', () => {
  expect(parse('consul:\nsession:\n')).toEqual(parse(''));
});

test('a shorter TTL alone is right: margin and renewal follow it', () => {
  const { session } = parse('session:\n  ttlMs: 10000\n');
  expect(session).toMatchObject({ ttlMs: 10_000, marginMs: 2500, renewEveryMs: 2000 });
});

test('the configuration and everything in it is frozen', () => {
  const config = parse('');
  expect(Object.isFrozen(config)).toBe(true);
  expect(Object.isFrozen(config.session)).toBe(true);
  expect(Object.isFrozen(config.exclusion.methods[0])).toBe(true);
});

test('two configurations do not share their defaults', () => {
  expect(parse('').announceAtMs).not.toBe(parse('').announceAtMs);
});

test('all mistakes are said at once, each with key, line, reason and an example', () => {
  const error = refusal(
    [
      'session:',
      '  ttlMs: 5',
      '  marginMs: soon',
      'node:',
      '  onStop: pause',
      'exclusion:',
      '  methods:',
      '    - method: self',
      '    - method: comand',
      '    - method: command',
      '      argv: reboot {node}',
      'log: loud',
      'metrics: {}',
    ].join('\n'),
  );
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.exitCode).toBe(2);
  expect(error.message).toBe('test.yaml has 8 mistakes: correct them and start again');
  const found = error.facts['mistakes'] as readonly Mistake[];
  expect(found.map(({ key, line }) => [key, line])).toEqual([
    ['session.ttlMs', 2],
    ['session.marginMs', 3],
    ['node.onStop', 5],
    ['exclusion.methods.0.waitMs', 8],
    ['exclusion.methods.1.method', 9],
    ['exclusion.methods.2.argv', 11],
    ['log', 12],
    ['metrics', 13],
  ]);
  expect(found[0]).toEqual({
    key: 'session.ttlMs',
    line: 2,
    reason: 'it is 5; it must be a whole number from 10000 to 86400000',
    example: 'ttlMs: 20000',
  });
  expect(found[2]?.reason).toBe('it is "pause"; it must be one of: keep, drain');
  expect(found[4]?.reason).toContain('did you mean command?');
});

test.each([
  ['session:\n  ttlms: 20000\n', 'ttlMs'],
  ['session:\n  lock_delay_ms: 1000\n', 'lockDelayMs'],
  ['sesion: {}\n', 'session'],
  ['http:\n  prot: 80\n', 'port'],
  ['consul:\n  adress: x\n  datacentre: dc1\n', 'datacenter'],
])('an unknown key is a mistake, with the one that was meant: %j', (text, meant) => {
  expect(mistakes(text).some((mistake) => mistake.reason.includes(`did you mean ${meant}?`))).toBe(true);
});

test('an unknown key that resembles nothing names the known ones', () => {
  expect(mistakes('log:\n  colour: true\n')[0]?.reason).toBe('unknown key; known here: level');
});

test('a secret put into the file is refused and never repeated', () => {
  const error = refusal('consul:\n  token: s3cr3t\n  tokenFile: s3cr3t\n  url: http://me:s3cr3t@consul:8500\n');
  expect(JSON.stringify(error.facts) + error.message).not.toContain('s3cr3t');
  expect(keysOf(error)).toEqual(['consul.token', 'consul.tokenFile', 'consul.url']);
  expect(JSON.stringify(error.facts)).toContain('Secrets do not belong here');
});

test('broken YAML is a mistake with its line, without an excerpt of the file', () => {
  const error = refusal('node:\n  name: [s3cr3t\nhttp: {}\n');
  expect(keysOf(error)[0]).toBe('(file)');
  expect(JSON.stringify(error.facts)).not.toContain('s3cr3t');
});

test('a key given twice is a mistake', () => {
  expect(mistakes('log: {}\nlog: {}\n')[0]).toMatchObject({ line: 2, reason: 'the same key is given twice' });
});

test('a list instead of settings is a mistake', () => {
  expect(keys('- 1\n')).toEqual(['(file)']);
});

test('a renewal that comes too seldom is refused with its arithmetic', () => {
  const [mistake] = mistakes('session:\n  ttlMs: 20000\n  marginMs: 5000\n  renewEveryMs: 6000\n');
  expect(mistake?.key).toBe('session.renewEveryMs');
  expect(mistake?.reason).toContain('renewEveryMs 6000 > (ttlMs 20000 - marginMs 5000) / 3 = 5000');
});

test('a renewal that may hang past the deadline is refused with its arithmetic', () => {
  const [mistake] = mistakes('deadlines:\n  consulMs: 14000\n');
  expect(mistake).toMatchObject({ key: 'deadlines.consulMs', line: 2 });
  const sum = 'renewEveryMs 2000 + consulMs 14000 = 16000 >= ttlMs 20000 - marginMs 5000 = 15000';
  expect(mistake?.reason).toContain(sum);
});

test('a margin above half of the TTL is refused', () => {
  expect(keys('session:\n  marginMs: 12000\n')).toContain('session.marginMs');
});

const leaseBound = (boundMs: number, lockDelayMs: number, more = 'watchdog: {mode: required}'): string =>
  [
    `session: {lockDelayMs: ${String(lockDelayMs)}}`,
    'exclusion:',
    '  methods:',
    '    - method: leaseBound',
    `      boundMs: ${String(boundMs)}`,
    more,
  ].join('\n');

test('leaseBound is taken when its arithmetic holds', () => {
  expect(parse(leaseBound(36_000, 41_000)).exclusion.methods).toEqual([{ method: 'leaseBound', boundMs: 36_000 }]);
});

test('leaseBound is refused when the lock delay ends before the bound and the margin', () => {
  const [mistake] = mistakes(leaseBound(36_000, 40_999));
  expect(mistake).toMatchObject({ key: 'session.lockDelayMs', line: 1, example: 'lockDelayMs: 41000' });
  expect(mistake?.reason).toContain('lockDelayMs 40999 < boundMs 36000 + marginMs 5000 = 41000');
});

test('leaseBound is refused when a lost node may serve, tear down and wait for its reset for longer', () => {
  const [mistake] = mistakes(leaseBound(35_999, 60_000));
  expect(mistake).toMatchObject({ key: 'exclusion.methods.0.boundMs', line: 5, example: 'boundMs: 36000' });
  const sum =
    'boundMs 35999 < ttlMs 20000 - marginMs 5000 + teardownMs 10000 + oldest token 1000 + ' +
    'watchdog timeoutMs 10000 = 36000';
  expect(mistake?.reason).toContain(sum);
});

test.each([
  ['', 'off'],
  ['watchdog: {mode: automatic}', 'automatic'],
  ['      watchdog: true', 'off'],
])('leaseBound is refused without a watchdog that is required, with the whole arithmetic: %j', (more, mode) => {
  const [mistake] = mistakes(leaseBound(36_000, 41_000, more));
  expect(mistake).toMatchObject({ key: 'watchdog.mode', example: 'mode: required' });
  expect(mistake?.reason).toContain(`it is ${mode}, and leaseBound counts on a reset`);
  for (const term of ['ttlMs 20000', 'marginMs 5000', 'teardownMs 10000', 'watchdog timeoutMs 10000', '= 36000']) {
    expect(mistake?.reason).toContain(term);
  }
  expect(mistake?.reason).toContain('against boundMs 36000 and lockDelayMs 41000');
});

test('leaseBound says that Consul has an end of its own to the lock delay', () => {
  expect(mistakes(leaseBound(58_000, 60_000))[0]?.reason).toContain('Consul allows 60000 at most');
});

test('a fence command is told whom to fence, and by known placeholders only', () => {
  const command = (argv: string) => `exclusion:\n  methods:\n    - method: command\n      argv: ${argv}\n`;
  expect(mistakes(command('[/bin/off]'))[0]?.reason).toContain('cannot know whom to fence');
  expect(mistakes(command("[/bin/off, '{host}']"))[0]?.reason).toContain('{host} is replaced by nothing');
  expect(parse(command("[/bin/off, '{node}']")).exclusion.methods[0]).toMatchObject({ deadlineMs: 30_000 });
});

test('a certificate needs its key, and TLS needs https', () => {
  expect(keys('consul:\n  certFile: /a.pem\n')).toEqual(['consul.url', 'consul.certFile']);
});

test('announcements must grow', () => {
  expect(mistakes('announceAtMs: [0, 500, 200]\n')[0]?.reason).toBe('the times do not grow: 0, 500, 200');
});

test('relations are not judged between values that are wrong themselves', () => {
  expect(keys('session:\n  ttlMs: 1\n  renewEveryMs: 9000\n')).toEqual(['session.ttlMs']);
});

test('what is allowed but should be known is said', () => {
  expect(configNotices(parse('http:\n  host: 0.0.0.0\n'))[0]).toContain('http.host is 0.0.0.0');
  expect(configNotices(parse('consul: {url: "http://consul:8500", tokenFile: /t}\n'))[0]).toContain('ACL token');
});

test('a file that cannot be read is a mistake of the configuration', async () => {
  await expect(loadConfig('/nonexistent/pathwarden.yaml')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});

test('a secret file that cannot be read is a mistake with its line', async () => {
  const directory = await mkdtemp('/tmp/pathwarden-config-');
  try {
    const file = `${directory}/pathwarden.yaml`;
    await writeFile(file, 'consul:\n  tokenFile: /nonexistent/token\n');
    await expect(loadConfig(file)).rejects.toMatchObject({
      facts: { mistakes: [{ key: 'consul.tokenFile', line: 2 }] },
    });
    expect((await loadConfig(file, { checkFiles: false })).consul.tokenFile).toBe('/nonexistent/token');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('the annotated sample is a right configuration', async () => {
  const text = await readFile(new URL('../../docs/install/pathwarden.yaml', import.meta.url), 'utf8');
  expect(parse(text).exclusion.methods.map((method) => method.method)).toEqual(['self', 'command']);
});

function keysOf(error: PathwardenError): readonly string[] {
  return (error.facts['mistakes'] as readonly Mistake[]).map((mistake) => mistake.key);
}
