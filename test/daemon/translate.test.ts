// What a path is told, rule by rule: one view, one place of the actor, one answer.
import { describe, expect, it } from 'vitest';
import { lost } from '../machines/samples.ts';
import { freeLock, held, localWith, lockOf, nodeOf, pathIn, said, specWith, stamped, viewOfLock, viewWith }
  from './translate-given.ts';

const path = 'path/d1/1';
const field = (said: object | undefined, name: string): unknown => (said as Record<string, unknown>)[name];
const idle = pathIn('unlocked.idle');
const enabled = pathIn('enabled');
const never = { remainingMs: (_: string, spanMs: number) => spanMs };
const typesSaid = (...given: Parameters<typeof said>) => said(...given).map(({ type }) => type);
const proof = (state: 'proven' | 'failed', session = lost.session) =>
  new Map([[session, stamped({ node: lost.node, state, method: 'self', by: 'n3', at: 0, evidence: 'because' })]]);
const moved = (from: string) =>
  new Map([['d1/1', stamped({ from, by: 'ada', reason: 'test', at: 0 }, 15)]]);
/** n2 lost the path, and is not alive any more. */
const orphaned = (changes = {}) => viewOfLock(freeLock({ evidence: lost }), {
  nodes: new Map([['n1', nodeOf('n1', 's1')], ['n2', nodeOf('n2', null)]]), ...changes,
});

describe('a free path', () => {
  it('is offered at once to the best node, and later to the next ones', () => {
    const offers = ['n1', 'n2', 'n3'].map((node) => said(viewWith(), localWith(idle, { node, session: null }))[0]);
    const delays = offers.map((each) => field(each, 'delayMs'));
    expect(offers.map((each) => each?.type)).toEqual(['path.offered', 'path.offered', 'path.offered']);
    expect(new Set(delays)).toEqual(new Set([0, 250, 500]));
    expect(new Set(offers.map((each) => field(each, 'rank')))).toEqual(new Set([0, 1, 2]));
  });

  it('that was lost is offered for what is left of the lock-delay, with whom it was lost by', () => {
    const spans: [string, number][] = [];
    const local = localWith(idle, { remainingMs: (seen, spanMs) => (spans.push([seen, spanMs]), 700) });
    expect(said(orphaned(), local).filter(({ actor }) => actor === path)).toEqual([
      { actor: path, type: 'path.offered', modifyIndex: 10, rank: 0, delayMs: 700, evidence: lost, proof: null },
    ]);
    expect(spans).toEqual([['d1/1@10', 2_000]]);
  });

  it('is not offered to a node that is drained or no gateway, nor while its last owner lives', () => {
    const drains = new Map([['n1', stamped({ by: 'ada', reason: 'test', at: 0 })]]);
    const client = new Map([['n1', nodeOf('n1', 's1', [])]]);
    const alive = viewOfLock(freeLock({ evidence: { node: 'n2', session: 's2' } }));
    for (const view of [viewWith({ drains }), viewWith({ nodes: client }), alive]) {
      expect(said(view, localWith(idle))).toEqual([]);
    }
  });

  it('that is taken while we wait is waited for no longer', () => {
    const taken = viewOfLock(lockOf({ holder: 's2', node: 'n2' }));
    expect(typesSaid(taken, localWith(pathIn('unlocked.waiting')))).toEqual(['path.notOffered']);
    expect(typesSaid(taken, localWith(pathIn('locking.backingOff')))).toEqual(['path.notOffered']);
    expect(typesSaid(taken, localWith(pathIn('locking.acquiring')))).toEqual([]);
  });

  it('is offered once per state of its key, and not while the view is known to be behind', () => {
    const offer = { modifyIndex: 0, rank: 0, delayMs: 0, evidence: null, proof: null };
    expect(said(viewWith(), localWith(pathIn('unlocked.waiting', { offer })))).toEqual([]);
    expect(said(viewWith(), localWith(idle, { isOutbid: () => true }))).toEqual([]);
  });

  it('is not offered while the journal cannot be written: every bid would be refused, and leave records', () => {
    const offer = { modifyIndex: 0, rank: 0, delayMs: 0, evidence: null, proof: null };
    const notNow = { type: 'path.notOffered', reason: 'the journal cannot be written' };
    expect(typesSaid(viewWith(), localWith(idle, { isWritable: false }))).toEqual([]);
    expect(said(viewWith(), localWith(pathIn('unlocked.waiting', { offer }), { isWritable: false })))
      .toMatchObject([notNow]);
    expect(typesSaid(viewWith(), localWith(pathIn('locking.acquiring'), { isWritable: false }))).toEqual([]);
  });

  it('is no business of a node that has not joined', () => {
    expect(said(viewWith(), localWith(idle, { joined: false }))).toEqual([]);
  });
});

describe('a lock that our own session holds and the path does not know of', () => {
  it('is taken up at once, with whom must still be excluded', () => {
    expect(said(viewOfLock(lockOf({ pendingExclusion: lost })), localWith(idle))).toEqual([
      { actor: path, type: 'path.offered', modifyIndex: 10, rank: 0, delayMs: 0, evidence: lost, proof: null },
    ]);
  });
});

describe('a served path', () => {
  it.each([
    ['is not lost by a view that is older than its lock', freeLock({ modifyIndex: 9 }), {}],
    ['is not lost by a view from before its key was made', null, { index: 10 }],
    ['is not lost while its lock is ours', lockOf(), {}],
  ])('%s', (_, lock, changes) => {
    const view = lock === null ? viewWith(changes) : viewOfLock(lock, changes);
    expect(said(view, localWith(enabled))).toEqual([]);
  });

  it.each([
    ['the key is gone', null, 'the lock key is gone'],
    ['nobody holds it', freeLock({ modifyIndex: 11 }), 'Consul took the lock away'],
    ['another node holds it', lockOf({ holder: 's2', node: 'n2', modifyIndex: 11 }), 'node n2 holds the lock'],
    ['our session holds it anew', lockOf({ epoch: 4, modifyIndex: 11 }), 'the lock was taken anew'],
  ])('is lost when %s', (_, lock, reason) => {
    const view = lock === null ? viewWith() : viewOfLock(lock);
    expect(said(view, localWith(enabled))).toEqual([{ actor: path, type: 'lock.lost', reason }]);
  });

  it('that gives its lock back is not told that it lost it', () => {
    const view = viewOfLock(freeLock({ modifyIndex: 11 }));
    for (const state of ['releasing.unlocking', 'releasing.unlockingAgain']) {
      expect(said(view, localWith(pathIn(state, { lock: held })))).toEqual([]);
    }
    expect(typesSaid(view, localWith(pathIn('releasing.verifying')))).toEqual(['lock.lost']);
  });

  it.each([
    ['the path was removed', { disks: new Map() }],
    ['the path was removed', { disks: new Map([['d1', stamped(specWith({ paths: [] }))]]) }],
    ['the disk is stopped', { disks: new Map([['d1', stamped(specWith({ desired: 'stopped' }))]]) }],
    ['the node is drained by ada: test', { drains: new Map([['n1', stamped({ by: 'ada', reason: 'test', at: 0 })]]) }],
    ['moved by ada: test', { moves: moved('n1') }],
    ['its specification changed',
      { disks: new Map([['d1', stamped(specWith({ iqn: 'iqn.2026-01.net.example:x' }))]]) }],
  ])('is unwanted because %s', (reason, changes) => {
    const view = viewOfLock(lockOf(), changes);
    for (const state of ['enabled', 'mapped.opening']) {
      expect(said(view, localWith(pathIn(state)))).toEqual([{ actor: path, type: 'path.unwanted', reason }]);
    }
    expect(said(view, localWith(pathIn('releasing.closing')))).toEqual([]);
  });

  it('is unwanted because the node is leaving, although the node takes nothing any more', () => {
    const leaving = localWith(enabled, { joined: false, leaving: true });
    expect(said(viewOfLock(lockOf()), leaving))
      .toEqual([{ actor: path, type: 'path.unwanted', reason: 'the node is leaving' }]);
  });

  it('is told only once that it is unwanted while its lock is asked for', () => {
    const view = viewWith({ moves: moved('n1') });
    const asking = localWith(pathIn('locking.acquiring', { giveUp: 'because' }));
    expect(typesSaid(view, asking)).not.toContain('path.unwanted');
  });

  it.each(['disks/d1', 'paths/d1/1'])('is left alone while %s cannot be read', (key) => {
    const view = viewWith({ disks: new Map(), problems: [{ key, reason: 'not JSON' }] });
    const local = localWith(enabled, { disks: new Map([['d1', { idle: false, settings: null }]]) });
    expect(said(view, local)).toEqual([]);
  });
});

describe('a move', () => {
  it('makes the path free for everybody but the node that it leaves', () => {
    const view = viewWith({ moves: moved('n1') });
    expect(said(view, localWith(idle, never))).toEqual([]);
    expect(typesSaid(view, localWith(idle, { node: 'n2', session: 's2', ...never }))).toEqual(['path.offered']);
  });

  it('ends when another node serves the path', () => {
    const view = viewOfLock(lockOf(), { moves: moved('n2') });
    expect(said(view, localWith(enabled))).toEqual([{ actor: path, type: 'path.moveEnded', modifyIndex: 15 }]);
    expect(said(view, localWith(pathIn('mapped.opening')))).toEqual([]);
  });

  it('is given up by the node that it left when nobody took the path in 10 s, and never before it was let go', () => {
    const free = viewOfLock(freeLock({ modifyIndex: 16 }), { moves: moved('n1') });
    const spans: number[] = [];
    const passed = { remainingMs: (_: string, spanMs: number) => (spans.push(spanMs), 0) };
    expect(said(free, localWith(idle, passed))).toEqual([{ actor: path, type: 'path.moveEnded', modifyIndex: 15 }]);
    expect(spans).toContain(10_000);
    expect(said(free, localWith(idle, never))).toEqual([]);
    const kept = viewOfLock(lockOf(), { moves: moved('n1') });
    expect(said(kept, localWith(pathIn('releasing.closing'), passed))).toEqual([]);
  });
});

describe('the last owner', () => {
  const proving = pathIn('locking.proving.waiting', { lock: held, evidence: lost });
  const view = (exclusions: ReturnType<typeof proof>) => viewOfLock(lockOf({ pendingExclusion: lost }), {
    nodes: new Map([['n1', nodeOf('n1', 's1')]]), exclusions,
  });

  it('is proven or not by its own session, and by no other', () => {
    expect(said(view(proof('proven')), localWith(proving)))
      .toEqual([{ actor: path, type: 'exclusion.proven', session: lost.session, method: 'self' }]);
    expect(said(view(proof('failed')), localWith(proving)))
      .toContainEqual({ actor: path, type: 'exclusion.failed', session: lost.session, reason: 'because' });
    const strange = said(view(proof('proven', 's-other')), localWith(proving));
    expect(strange.filter(({ actor }) => actor === path)).toEqual([]);
  });
});
