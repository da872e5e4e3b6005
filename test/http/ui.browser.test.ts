// The page in a real browser, against the fake inspector.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listen } from '../../src/http/listen.ts';
import { leftOut } from '../left-out.ts';
import { harness, type Harness } from './harness.ts';

const executablePath = '/usr/bin/chromium';
const why = leftOut('the page in a browser', existsSync(executablePath) ? null : `${executablePath} is not installed`);
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Not every machine has a browser.
describe.skipIf(why !== null)(`the page in ${executablePath}`, () => {
  const profile = mkdtempSync(join(tmpdir(), 'pathwarden-ui-'));
  let browser: BrowserContext;
  let page: Page;
  let it: Harness;
  let url: string;
  let complaints: string[];

  beforeAll(async () => {
    browser = await chromium.launchPersistentContext(profile, { executablePath, headless: true, args });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true });
  });

  beforeEach(async () => {
    it = harness({ boardMs: 20 });
    url = await listen(it.app, { host: '127.0.0.1', port: 0 });
    complaints = [];
    page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    await page.setViewportSize({ width: 1280, height: 860 });
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
  });
  afterEach(async () => {
    await page.close();
    await it.app.close();
  });

  const row = (path: string) => page.locator(`tr[data-path="${path}"]`);
  const show = async () => {
    await page.goto(url);
    await page.locator('.disk').first().waitFor();
  };
  const says = (selector: string, text: string) => page.locator(selector).filter({ hasText: text }).first().waitFor();

  test('shows the node, Consul, the nodes, every disk and path, and what needs a person', async () => {
    await show();
    expect(await page.locator('#node-name').textContent()).toBe('n1');
    expect(await page.locator('#readiness').textContent()).toBe('● ready');
    expect(await page.locator('#consul-index').textContent()).toBe('4711');
    expect(await page.locator('.node').allTextContents()).toEqual([
      'n1 (this node)● alive8 paths',
      'n2⇥ draining7 pathsits inspector',
      'n3✕ down0 paths',
    ]);
    expect(await page.locator('tr[data-path]').count()).toBe(16);
    expect(await row('path/00001/2').locator('.badge').textContent()).toBe('⇄ moving n2 → n1');
    expect(await row('path/00002/3').locator('.badge').textContent()).toBe('◆ n3 not proven out');
    expect(await row('path/00003/1').locator('.badge').textContent()).toBe('▲ needs operator');
    expect(await page.locator('#attention-title').textContent()).toBe('▲ Needs attention (5)');
    expect(await page.locator('#attention-list').textContent()).toContain('key disks/00009');
    expect(await page.locator('#attention-list').textContent()).toContain('node n3 is down');
    expect(complaints).toEqual([]);
  });

  test('says that it is a replay, of what and up to when, and raises no alarm about what it cannot know', async () => {
    const then = it.inspector.now;
    it.inspector.replay = { file: '/tmp/n1.ndjson', until: then, lastSeq: 31 };
    it.inspector.change('00001', 1, { owner: null });
    await show();
    const until = new Date(then).toISOString().replace('T', ' ').replace('Z', ' UTC');
    expect(await page.locator('#replay').textContent())
      .toBe(`◀ Replay of /tmp/n1.ndjson: what n1 had written up to ${until} (#31). Read only.`);
    expect(await row('path/00001/1').locator('.badge').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('says who began maintenance, why, what waits for its end and how it ends', async () => {
    const maintenance = { by: 'ada', reason: 'new switch', since: it.inspector.now, until: null };
    it.inspector.maintenance = maintenance;
    Object.assign(it.inspector.nodes[0] ?? {}, { maintenance });
    const waits = 'maintenance of the cluster by ada: n3 is not fenced';
    it.inspector.change('00001', 1, { owner: null, waits });
    await show();
    const lines = await page.locator('#maintenance li').allTextContents();
    expect(lines[0]).toMatch(/The cluster is in maintenance by ada since .*: new switch\. No node is fenced/);
    expect(lines[0]).toMatch(/1 path waits\. End it with pathwarden maintenance off$/);
    expect(lines[1]).toMatch(/Node n1 is in maintenance .* pathwarden maintenance off --node n1$/);
    const badges = row('path/00001/1').locator('.badge');
    expect(await badges.allTextContents()).toEqual(['✕ no owner', '⚒ waits: maintenance']);
    expect(await badges.last().getAttribute('title')).toBe(waits);
    expect(complaints).toEqual([]);
  });

  test('follows a change without being reloaded', async () => {
    await show();
    await says('#ticker li', 'path/00004/4');
    it.inspector.change('00004', 4, { owner: 'n1', local: { state: 'enabled', tags: ['serving'] } }, 'portal.opened');
    await row('path/00004/4').locator('.state-name', { hasText: 'enabled' }).waitFor();
    expect(await row('path/00004/4').locator('[data-cell="owner"]').textContent()).toBe('n1');
    expect(await row('path/00004/4').locator('.badge').count()).toBe(0);
    await says('#ticker li', 'portal.opened → enabled');
    it.inspector.currentHealth = { live: true, ready: false, reasons: ['Consul does not answer'] };
    it.inspector.tell();
    await says('#readiness', 'not ready: Consul does not answer');
    expect(complaints).toEqual([]);
  });

  test('says the same trouble of many paths once', async () => {
    for (const index of [1, 2, 3, 4]) {
      for (const disk of ['00001', '00002']) it.inspector.change(disk, index, { owner: 'n3' });
    }
    await show();
    await says('#attention-list li', '8 paths: owner n3 is down');
    expect(await page.locator('#attention-title').textContent()).toBe('▲ Needs attention (6)');
  });

  test('narrows the list to what one looks for', async () => {
    await show();
    await page.keyboard.press('/');
    await page.keyboard.type('10.0.2. n1');
    expect(await page.locator('tr[data-path]:visible').count()).toBe(3);
    await page.locator('#filter').fill('');
    await page.locator('[data-view="operator"]').click();
    expect(await page.locator('tr[data-path]:visible').count()).toBe(1);
  });

  test('draws the machine of a path with its live state, and moves the mark with it', async () => {
    await show();
    await row('path/00003/1').locator('button').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-state="mapped.conflicted"].live').waitFor();
    expect(await page.locator('.box').count()).toBeGreaterThan(25);
    expect(await page.locator('.box.around').getAttribute('data-state')).toBe('mapped');
    expect(await page.locator('[data-state="mapped.reprobing"].next').count()).toBe(1);
    expect(await page.locator('.chain').first().textContent()).toContain("node n3's agent left the cluster");
    it.inspector.change('00003', 1, { local: { state: 'releasing.closing', tags: ['holding'] } }, 'path.unwanted');
    await page.locator('[data-state="releasing.closing"].live').waitFor();
    expect(await page.locator('.box.live').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.locator('#panel').waitFor({ state: 'hidden' });
    expect(new URL(page.url()).hash).toBe('');
    expect(complaints).toEqual([]);
  });

  test('draws no two states over each other, and all of them inside the chart', async () => {
    await page.goto(`${url}/#actor=path/00001/1`);
    await page.locator('.box.live').waitFor();
    const view = await boundsOf(page.locator('.chart'));
    const boxes = await Promise.all((await page.locator('.box.leaf > .body').all()).map(boundsOf));
    const outside = boxes.filter((box) => box.right > view.right || box.bottom > view.bottom);
    const overlaps = boxes.filter((a, at) => boxes.slice(at + 1).some((b) => isOver(a, b)));
    expect({ outside, overlaps }).toEqual({ outside: [], overlaps: [] });
  });

  test('survives an address that somebody mistyped', async () => {
    await page.goto(`${url}/#actor=%`);
    await says('#panel', 'no such actor');
    await page.locator('tr[data-path]').first().waitFor({ state: 'attached' });
    expect(await page.locator('.box').count()).toBe(0);
  });

  test('says that the connection is lost and of when the shown state is, and recovers', async () => {
    await show();
    const { port } = new URL(url);
    await it.app.close();
    await says('#lost', 'Connection lost, showing the state of');
    expect(await page.locator('#readiness').textContent()).toBe('✕ no connection');
    const again = harness({ boardMs: 20 });
    again.inspector.change('00001', 1, { owner: 'n2' });
    it = again;
    await listen(again.app, { host: '127.0.0.1', port: Number(port) });
    await page.locator('#lost').waitFor({ state: 'hidden' });
    await row('path/00001/1').locator('[data-cell="owner"]', { hasText: 'n2' }).waitFor();
    expect(await page.locator('body[data-stale]').count()).toBe(0);
  });

  test('shows what comes from outside as text, whatever it contains', async () => {
    const markup = '<img src=x onerror="document.title=1"><script>1</script>';
    it.inspector.problems.push({ key: markup, reason: markup });
    Object.assign(it.inspector.nodes[1] ?? {}, { inspector: 'javascript:alert(1)' });
    await show();
    expect(await page.locator('#attention-list').textContent()).toContain(markup);
    expect(await page.locator('main img, main script, a[href^="javascript"]').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('fits a narrow screen without scrolling sideways', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await show();
    const width = () => page.evaluate<number>('document.documentElement.scrollWidth');
    expect(await width()).toBeLessThanOrEqual(400);
    await row('path/00002/3').click();
    await page.locator('.box.live').waitFor();
    expect(await page.evaluate<number>('document.querySelector("#panel").scrollWidth')).toBeLessThanOrEqual(400);
    const live = await page.locator('.box.live').boundingBox();
    expect(live?.x).toBeGreaterThan(0);
    expect(live?.x).toBeLessThan(300);
  });
});

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

async function boundsOf(locator: Locator): Promise<Bounds> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error('not drawn');
  return { left: box.x, top: box.y, right: box.x + box.width, bottom: box.y + box.height };
}

const isOver = (a: Bounds, b: Bounds): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
