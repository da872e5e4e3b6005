// Context, guards, assignments and the typed vocabulary of the disk-path machine.
import { assertEvent, assign, setup } from 'xstate';
import { intent } from '../intent.ts';
import type { DiskPathEvent, Incarnation, Offer, PathSettings } from './events.ts';

export type DiskPathContext = {
  readonly disk: string;
  readonly index: number;
  /** Null until the specification is known, and again when it is withdrawn. */
  readonly settings: PathSettings | null;
  readonly offer: Offer | null;
  /** The lock as we hold it; `epoch` is Consul's LockIndex. */
  readonly lock: { readonly epoch: number; readonly modifyIndex: number } | null;
  /** Whom we must see excluded before we serve. */
  readonly evidence: Incarnation | null;
  readonly diskReady: boolean;
  readonly addressFree: boolean;
  readonly trafficBlocked: boolean;
  /** Set while the path has to be given up as soon as the lock's answer is in. */
  readonly giveUp: string | null;
  /** Failed tries of the current step, for back-off. */
  readonly tries: number;
  /** Failed takes since the last success, for damping. */
  readonly failures: number;
  /** The last reason that kept the path from going on, for people. */
  readonly trouble: string | null;
};

export type DiskPathInput = { readonly disk: string; readonly index: number };

const retryMinMs = 100;
const retryMaxMs = 2_000;
const cooldownMinMs = 1_000;
const cooldownMaxMs = 60_000;
/** A disk that is not ready by then keeps a lock that another node could use. */
const prepareMs = 30_000;

/** 100, 200, 400, … 2 000 ms. */
export const retryMs = (tries: number): number => Math.min(retryMinMs * 2 ** tries, retryMaxMs);
/** 1, 2, 4, … 60 s: a node whose data plane keeps failing must not be the one that keeps trying. */
export const cooldownMs = (failures: number): number =>
  Math.min(cooldownMinMs * 2 ** Math.max(0, failures - 1), cooldownMaxMs);
/** A teardown that failed this often needs a person to look. */
export const triesBeforeOperator = 5;

type Locked = { readonly key: string; readonly epoch: number };
type Place = { readonly ip: string; readonly epoch: number };
type OnInterface = Place & { readonly prefix: number; readonly interface: string };
type AtPortal = Place & { readonly iqn: string; readonly port: number };

export const diskPath = setup({
  types: {
    context: {} as DiskPathContext,
    events: {} as DiskPathEvent,
    input: {} as DiskPathInput,
    tags: {} as 'idle' | 'serving' | 'settled' | 'holding' | 'needsOperator',
  },
  actions: {
    'lock.acquire': intent<{ key: string; expectedModifyIndex: number; evidence: Incarnation | null }>(),
    'lock.read': intent<{ key: string }>(),
    'lock.confirm': intent<Locked>(),
    'lock.clear': intent<Locked>(),
    'lock.release': intent<Locked & { evidence: Incarnation | null }>(),
    'disk.require': intent<{ to: string; path: string }>(),
    'disk.unneed': intent<{ to: string; path: string }>(),
    'address.probe': intent<OnInterface & { port: number; handedOver: boolean }>(),
    'traffic.block': intent<Place>(),
    'traffic.unblock': intent<Place>(),
    'address.add': intent<OnInterface>(),
    'address.remove': intent<OnInterface>(),
    'address.announce': intent<OnInterface>(),
    'address.stopAnnouncing': intent<Place>(),
    'portal.open': intent<AtPortal>(),
    'portal.close': intent<AtPortal>(),
    'path.observe': intent<Place & { port: number }>(),
    'move.request': intent<{ disk: string; index: number; to: string | null; by: string; reason: string }>(),
    'move.clear': intent<{ disk: string; index: number; modifyIndex: number }>(),
    'timer.arm': intent<{ name: string; ms: number }>(),
    'timer.cancel': intent<{ name: string }>(),

    noteSettings: assign(({ event }) => (assertEvent(event, 'path.specified'), { settings: event.settings })),
    forgetSettings: assign({ settings: null }),
    noteOffer: assign(({ event }) => {
      assertEvent(event, 'path.offered');
      const { modifyIndex, rank, delayMs, evidence, proof, ours } = event;
      return { offer: { modifyIndex, rank, delayMs, evidence, proof, ...(ours === true ? { ours } : {}) } };
    }),
    noteGrant: assign(({ event }) => {
      assertEvent(event, ['lock.granted', 'lock.observed']);
      const { epoch, modifyIndex, evidence } = event;
      return { lock: { epoch, modifyIndex }, evidence, tries: 0 };
    }),
    noteProof: assign({ evidence: null }),
    noteNotServed: assign(({ context }) => {
      if (context.offer === null) return {};
      const { modifyIndex, rank, delayMs, evidence, proof } = context.offer;
      return { offer: { modifyIndex, rank, delayMs, evidence, proof } };
    }),
    noteReleased: assign({ lock: null }),
    noteDiskReady: assign({ diskReady: true }),
    noteAddressFree: assign({ addressFree: true }),
    noteTrafficBlocked: assign({ trafficBlocked: true }),
    forgetPreparation: assign({ diskReady: false, addressFree: false, trafficBlocked: false }),
    noteGiveUp: assign(({ event }) => ({ giveUp: reasonOf(event) })),
    noteTrouble: assign(({ event }) => ({ trouble: reasonOf(event) })),
    noteNotReady: assign({ trouble: `the disk was not ready within ${String(prepareMs / 1_000)} s` }),
    noteConflict: assign(({ context, event }) => {
      assertEvent(event, 'address.probed');
      return {
        trouble: `${context.settings?.ip ?? 'the IP'} already answers on the network, from ${event.answeredBy ?? '?'}`,
      };
    }),
    noteLeftBehind: assign(({ event }) => {
      assertEvent(event, 'path.observed');
      const what = [event.address ? 'the IP' : '', event.portal ? 'the portal' : ''].filter(Boolean).join(' and ');
      return { trouble: `${what} would not go away` };
    }),
    countTry: assign({ tries: ({ context }) => context.tries + 1 }),
    forgetTries: assign({ tries: 0 }),
    countFailure: assign({ failures: ({ context }) => context.failures + 1 }),
    noteServing: assign({ failures: 0, trouble: null, tries: 0 }),
    forgetLock: assign({
      lock: null,
      offer: null,
      evidence: null,
      giveUp: null,
      diskReady: false,
      addressFree: false,
      trafficBlocked: false,
      tries: 0,
    }),
  },
  guards: {
    specified: ({ context }) => context.settings !== null,
    needsProof: ({ context, event }) =>
      (event.type === 'lock.granted' || event.type === 'lock.observed') && event.evidence !== null && !context.giveUp,
    isMine: ({ event }) => event.type === 'lock.observed' && event.mine,
    mustGiveUp: ({ context }) => context.giveUp !== null,
    isDelayed: ({ event }) => event.type === 'lock.acquireRefused' && event.code === 'delayed',
    isOurEvidence: ({ context, event }) => {
      assertEvent(event, ['exclusion.proven', 'exclusion.failed']);
      return event.session === context.evidence?.session;
    },
    isFree: ({ event }) => event.type === 'address.probed' && event.answeredBy === null,
    isPrepared: ({ context }) => context.diskReady && context.addressFree && context.trafficBlocked,
    isServed: ({ event }) => event.type === 'path.observed' && event.address && event.portal,
    wasOurs: ({ context }) => context.offer?.ours === true,
    isGone: ({ event }) => event.type === 'path.observed' && !event.address && !event.portal,
    isOurTurn: ({ event }) => event.type === 'path.offered' && event.delayMs === 0,
    wasOffered: ({ context }) => context.offer !== null,
    mustCool: ({ context }) => context.failures > 0,
    isStuck: ({ context }) => context.tries >= triesBeforeOperator,
  },
});

const reasonOf = (event: DiskPathEvent): string => ('reason' in event ? event.reason : event.type);

const keyOf = (context: DiskPathContext) => `paths/${context.disk}/${String(context.index)}`;
const epochOf = (context: DiskPathContext) => context.lock?.epoch ?? 0;
const atPortal = ({ settings, ...context }: DiskPathContext) => ({
  iqn: settings?.iqn ?? '',
  ip: settings?.ip ?? '',
  port: settings?.port ?? 0,
  epoch: context.lock?.epoch ?? 0,
});
const onInterface = ({ settings, lock }: DiskPathContext) => ({
  ip: settings?.ip ?? '',
  prefix: settings?.prefix ?? 0,
  interface: settings?.interface ?? '',
  epoch: lock?.epoch ?? 0,
});
/** Its last owner let go of it in order a moment ago: a stranger with the same IP would have shown there already. */
const wasHandedOver = ({ offer }: DiskPathContext) =>
  offer !== null && offer.modifyIndex > 0 && offer.evidence === null;
const place = (context: DiskPathContext) => ({ ip: context.settings?.ip ?? '', epoch: epochOf(context) });
const toDisk = (context: DiskPathContext) => ({
  to: `disk/${context.disk}`,
  path: `path/${context.disk}/${String(context.index)}`,
});

type Given = { readonly context: DiskPathContext };

/** What each intent is asked with. */
export const ask = {
  acquire: {
    type: 'lock.acquire',
    params: ({ context }: Given) => ({
      key: keyOf(context),
      expectedModifyIndex: context.offer?.modifyIndex ?? 0,
      // What is proven needs no remembering: the lock is taken without the last owner's name.
      evidence: typeof context.offer?.proof === 'string' ? null : (context.offer?.evidence ?? null),
    }),
  },
  readLock: { type: 'lock.read', params: ({ context }: Given) => ({ key: keyOf(context) }) },
  confirm: {
    type: 'lock.confirm',
    params: ({ context }: Given) => ({ key: keyOf(context), epoch: epochOf(context) }),
  },
  clear: { type: 'lock.clear', params: ({ context }: Given) => ({ key: keyOf(context), epoch: epochOf(context) }) },
  release: {
    type: 'lock.release',
    params: ({ context }: Given) => ({ key: keyOf(context), epoch: epochOf(context), evidence: context.evidence }),
  },
  requireDisk: { type: 'disk.require', params: ({ context }: Given) => toDisk(context) },
  unneedDisk: { type: 'disk.unneed', params: ({ context }: Given) => toDisk(context) },
  probe: {
    type: 'address.probe',
    params: ({ context }: Given) => ({
      ...onInterface(context),
      port: context.settings?.port ?? 0,
      handedOver: wasHandedOver(context),
    }),
  },
  block: { type: 'traffic.block', params: ({ context }: Given) => place(context) },
  unblock: { type: 'traffic.unblock', params: ({ context }: Given) => place(context) },
  addAddress: { type: 'address.add', params: ({ context }: Given) => onInterface(context) },
  removeAddress: { type: 'address.remove', params: ({ context }: Given) => onInterface(context) },
  announce: { type: 'address.announce', params: ({ context }: Given) => onInterface(context) },
  stopAnnouncing: { type: 'address.stopAnnouncing', params: ({ context }: Given) => place(context) },
  open: { type: 'portal.open', params: ({ context }: Given) => atPortal(context) },
  close: { type: 'portal.close', params: ({ context }: Given) => atPortal(context) },
  observe: {
    type: 'path.observe',
    params: ({ context }: Given) => ({ ...place(context), port: context.settings?.port ?? 0 }),
  },
  armTurn: { type: 'timer.arm', params: ({ context }: Given) => ({ name: 'turn', ms: context.offer?.delayMs ?? 0 }) },
  cancelTurn: { type: 'timer.cancel', params: { name: 'turn' } },
  armRetry: { type: 'timer.arm', params: ({ context }: Given) => ({ name: 'retry', ms: retryMs(context.tries) }) },
  cancelRetry: { type: 'timer.cancel', params: { name: 'retry' } },
  armPrepare: { type: 'timer.arm', params: { name: 'prepare', ms: prepareMs } },
  cancelPrepare: { type: 'timer.cancel', params: { name: 'prepare' } },
  armCooldown: {
    type: 'timer.arm',
    params: ({ context }: Given) => ({ name: 'cooldown', ms: cooldownMs(context.failures) }),
  },
} as const;
