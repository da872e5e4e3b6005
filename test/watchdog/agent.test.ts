// The program as it is shipped: what it does with its watchdog when it is stopped, paused or killed.
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { namespacesMissing, openPlace, type Place, served } from './agent.ts';

const why = await namespacesMissing();

// Without a namespace of its own the daemon would ask the kernel of this machine about a device that is none.
describe.skipIf(why !== null)('a daemon whose watchdog is required', { timeout: 60_000 }, () => {
  let place: Place;
  beforeEach(async () => {
    place = await openPlace();
  });
  afterEach(() => place.close());

  test('does not start without the device, and says which', async () => {
    const watchdog = { mode: 'required', device: '/nonexistent/watchdog' };
    const { child, log } = await place.start('gw1', { watchdog });
    expect(await once(child, 'exit')).toEqual([18, null]);
    expect(log()).toContain('/nonexistent/watchdog is not there or cannot be written');
  });

  test('arms it when Consul confirms its session, and disarms it at the end when nothing is served', async () => {
    const { child, device, log } = await place.start('gw1');
    await device.more(2);
    expect(log()).toContain('the watchdog is armed');
    child.kill('SIGTERM');
    await device.ended;
    expect(device.bytes).toMatch(/^\.+V$/);
  });

  test('leaves it armed when it stops and its paths stay served', async () => {
    const agent = await place.start('gw1');
    await agent.device.more(1);
    await place.addDisk();
    await served(agent);
    agent.child.kill('SIGTERM');
    await agent.device.ended;
    expect(agent.device.bytes).toMatch(/^\.+$/);
    expect(agent.log()).toContain('the watchdog stays armed until the next daemon feeds it');
  });

  test('feeds nothing while it is paused, and never after it was killed', async () => {
    const [sick, healthy] = await Promise.all([place.start('gw1'), place.start('gw2')]);
    await Promise.all([sick.device.more(1), healthy.device.more(1)]);
    sick.child.kill('SIGSTOP');
    await healthy.device.more(2);
    const before = sick.device.bytes;
    await healthy.device.more(4);
    expect(sick.device.bytes).toBe(before);
    sick.child.kill('SIGKILL');
    await sick.device.ended;
    expect(sick.device.bytes).toBe(before);
  });

  test('does not arm it while Consul does not answer: a start is no right', async () => {
    await place.consul.stop();
    const { child, device, log } = await place.start('gw1');
    await expect.poll(log, { timeout: 20_000 }).toContain('Consul cannot be read');
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(device.bytes).toBe('');
  });
});
