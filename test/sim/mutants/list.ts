// The mistakes, each of them one that somebody could make: a few words of one file are others.
import type { Mutant } from './mutant.ts';
import { storageMutants } from './storage.ts';

const teardown = 'machines/disk-path/teardown.ts';
const exclusionMachine = 'machines/exclusion/exclusion.machine.ts';
const exclusionEffects = 'src/daemon/effects/exclusion.ts';
const lease = 'src/daemon/lease.ts';

export const mutants: readonly Mutant[] = [
  {
    name: 'evidence-dropped',
    about: 'who takes a lock forgets who had it before, and so has nobody to see excluded',
    patches: [{
      file: 'src/daemon/effects/lock.ts',
      find: "const evidence = params['evidence'] as Incarnation | null;\n  const key",
      replace: "const evidence = null as Incarnation | null;\n  const key",
    }],
  },
  {
    name: 'evidence-cleared-unproven',
    about: 'the evidence of the last owner is cleared without waiting for the proof',
    patches: [{
      file: 'machines/disk-path/locking.ts',
      find: "{ guard: 'needsProof', target: 'proving', actions: 'noteGrant' }",
      replace: "{ guard: 'needsProof', target: 'clearing', actions: 'noteGrant' }",
    }],
  },
  {
    name: 'fence-unknown-trusted',
    about: 'a fence that did not answer counts as a node that is off',
    patches: [{
      file: exclusionMachine,
      find: "'fence.runUnknown': next",
      replace: "'fence.runUnknown': { target: 'publishing' }",
    }],
  },
  {
    name: 'fence-refusal-trusted',
    about: 'a fence that says no counts as a node that is off',
    patches: [{
      file: exclusionMachine,
      find: "actions: 'noteTrouble' }, next],",
      replace: "actions: 'noteTrouble' }, { target: 'publishing' }],",
    }],
  },
  {
    name: 'nothing-awaited',
    about: 'neither lock-delay nor the bound of a lease is waited for',
    patches: [{
      file: 'src/daemon/translate.ts',
      find: 'const held = evidence === null ? 0 :',
      replace: 'const held = evidence === null || view !== null ? 0 :',
    }, {
      file: 'src/daemon/effects/node.ts',
      find: 'ttlMs, lockDelayMs, nodeHealth };',
      replace: 'ttlMs, lockDelayMs: Math.min(0, lockDelayMs), nodeHealth };',
    }, {
      file: exclusionMachine,
      find: "return method?.method === 'leaseBound' ? method.boundMs : 0;",
      replace: 'return 0;',
    }],
  },
  {
    name: 'own-proof-without-looking',
    about: 'a node says that it serves nothing any more, and has not looked',
    patches: [{
      file: exclusionEffects,
      find: 'if (busy !== undefined) return',
      replace: 'if (busy !== undefined && session === null) return',
    }, {
      file: exclusionEffects,
      find: 'if (served.value !== null) return',
      replace: 'if (served.value !== null && session === null) return',
    }],
  },
  {
    name: 'no-read-back',
    about: 'after its removal nobody looks whether the address is gone',
    patches: ['address.removeRefused', 'address.removeUnknown'].map((event) => ({
      file: teardown, find: `'${event}': { target: 'verifying'`, replace: `'${event}': { target: 'freeing'`,
    })),
  },
  {
    name: 'unknown-is-gone',
    about: 'a node that cannot be read back counts as one that serves nothing',
    patches: ['path.observeUnknown', 'path.observeRefused'].map((event) => ({
      file: teardown, find: `'${event}': notProven`, replace: `'${event}': { target: 'freeing' }`,
    })),
  },
  {
    name: 'deadline-ignored',
    about: 'a node that hears nothing from Consul serves on',
    patches: [{
      file: lease,
      find: 'if (session === null || this.#over || this.remainingMs > 0) return;',
      replace: 'if (session === null || this.#over || this.remainingMs >= 0) return;',
    }],
  },
  {
    name: 'deadline-on-the-wall',
    about: 'the deadline counts on the wall clock, which jumps',
    patches: [{
      file: lease,
      find: 'this.#deadlineMs - this.#parts.clock.monotonicMs()',
      replace: 'this.#deadlineMs - this.#parts.clock.wallMs()',
    }, {
      file: lease,
      find: 'this.#deadlineMs = sentAtMs + this.#budgetMs;',
      replace: 'this.#deadlineMs = sentAtMs + this.#budgetMs - clock.monotonicMs() + clock.wallMs();',
    }, {
      file: lease,
      find: 'Math.max(0, this.#deadlineMs - clock.monotonicMs())',
      replace: 'Math.max(0, this.#deadlineMs - clock.wallMs())',
    }, {
      file: lease,
      find: 'if (this.remainingMs > 0) this.#extend(sentAtMs);',
      replace: 'if (this.remainingMs > 0) this.#parts.clock.after(this.remainingMs, () => this.#comeDue(sentAtMs));',
    }],
  },
  {
    name: 'deadline-from-the-answer',
    about: 'the deadline counts from when a renewal was answered, and not from when it was sent',
    patches: [{
      file: lease,
      find: 'if (!this.#over) this.#extend(Math.max(sentAtMs, this.#countsFromMs));',
      replace: 'if (!this.#over) this.#extend(clock.monotonicMs());',
    }],
  },
  {
    name: 'doubt-extends-the-deadline',
    about: 'a renewal that was not answered counts as one that was',
    patches: [{
      file: lease,
      find: "if (outcome.kind === 'done') {",
      replace: "if (outcome.kind !== 'refused') {",
    }],
  },
  {
    name: 'every-start-counts',
    about: 'each start stands in for a contact with Consul, however many there are',
    patches: [{
      file: 'src/daemon/daemon.ts',
      find: 'this.lease.hold(session, unheardSinceMs ?? undefined);',
      replace: 'this.lease.hold(session, unheardSinceMs === null ? undefined : this.clock.monotonicMs());',
    }],
  },
  {
    name: 'deadline-not-looked-at',
    about: 'after a pause work goes on at once: no turn looks at the deadline first, and nothing that starts to serve',
    patches: [{
      file: 'src/daemon/daemon.ts',
      find: 'beforeTurn: () => this.lease.check(),',
      replace: 'beforeTurn: () => {},',
    }, {
      file: 'src/daemon/dispatcher.ts',
      find: 'if (!this.#parts.mayServe()) return',
      replace: 'if (intent === null) return',
    }],
  },
  {
    name: 'loss-not-acted-on',
    about: 'a node whose session is lost serves on',
    patches: [{
      file: 'machines/node/node.machine.ts',
      find: "'session.lost': lost,\n        'lease.expired': lost,\n        'peers.joined'",
      replace: "'lease.expired': lost,\n        'peers.joined'",
    }],
  },
  {
    name: 'lock-given-back-first',
    about: 'a path that is given up gives its lock back before it is closed',
    patches: [{
      file: teardown,
      find: "  tags: ['holding'],\n  initial: 'blocking',",
      replace: "  tags: ['holding'],\n  initial: 'unlocking',",
    }],
  },
  {
    name: 'stale-view-of-own-lock',
    about: 'a node believes that it still has its locks, whatever Consul says, and does not ask before it opens',
    patches: [{
      file: 'src/daemon/translate.ts',
      find: 'entry?.session !== local.session) {',
      replace: 'entry === null) {',
    }, {
      file: 'src/daemon/translate.ts',
      find: 'const lost = isReleasing ? null : lostReason(',
      replace: 'const lost = isReleasing || view !== null ? null : lostReason(',
    }, {
      file: 'machines/disk-path/mapped.ts',
      find: "'lock.confirmRefused': { target: '#fenced', actions: 'noteTrouble' }",
      replace: "'lock.confirmRefused': { target: 'opening', actions: 'noteTrouble' }",
    }],
  },
  {
    name: 'excluded-session-taken-up',
    about: 'a daemon goes on with a session that lives on, and whose exclusion is proven already',
    patches: [{
      file: 'src/daemon/effects/node.ts',
      find: "exclusion.value === null ? done({ session })",
      replace: "exclusion.kind === 'done' ? done({ session })",
    }],
  },
  {
    name: 'maintenance-takes-dirty',
    about: 'a path whose last owner may still write is taken in maintenance, to wait for its proof with the lock',
    patches: [{
      file: 'src/daemon/translate.ts',
      find: 'proof === null && maintenanceOver(view, evidence.node) !== null) return null;',
      replace: 'proof === null && view === null) return null;',
    }],
  },
  {
    name: 'maintenance-fences',
    about: 'an exclusion that was begun before maintenance goes on with its next fence command',
    patches: [{
      file: exclusionEffects,
      find: 'if (maintenance !== null) return refused(',
      replace: 'if (maintenance !== null && node === null) return refused(',
    }],
  },
  {
    name: 'watchdog-always-fed',
    about: 'the watchdog is fed although paths are served without right',
    // Harmless unless a teardown fails for longer than the others wait.
    kinds: ['badCommands', 'endSession'],
    patches: [{
      file: 'src/daemon/feeding.ts',
      find: 'if (verdict.feeds) watchdog.feed();',
      replace: 'watchdog.feed();',
    }],
  },
  {
    name: 'failsafe-one-of-all',
    about: 'one peer that vouches is enough to go on without Consul',
    patches: [{
      file: 'src/daemon/failsafe.ts',
      find: 'const against = round.map(objection).find((reason) => reason !== null) ?? null;',
      replace: 'const against = round.some((each) => objection(each) === null) ? null : "nobody vouches";',
    }],
  },
  {
    name: 'vouch-without-promise',
    about: 'a node vouches for a session that it has seen lost, and counts on time all the same',
    patches: [{
      file: 'src/core/peers.ts',
      find: "if (consulAgeMs < contactMs) return 'it reaches Consul';",
      replace: "return consulAgeMs < contactMs ? 'it reaches Consul' : null;",
    }],
  },
  {
    name: 'unasked-counts-on-time',
    about: 'a node that nobody asks counts on the deadline of one that others vouch for',
    patches: [{
      file: 'src/daemon/translate-exclusions.ts',
      find: 'const isAsked = record?.asks === undefined ||',
      replace: 'const isAsked = record?.asks !== null ||',
    }],
  },
  {
    name: 'minority-excludes',
    about: 'one node that does not hear another ends its session',
    patches: [{
      file: 'src/core/peers.ts',
      find: 'by.includes(self) && by.length * 2 > voters.length',
      replace: 'by.includes(self) && by.length > 0',
    }],
  },
  {
    name: 'wakes-and-accuses',
    about: 'a node that slept takes its own silence for that of the others',
    patches: [{
      file: 'src/daemon/heard.ts',
      find: 'if (this.#lastAwakeMs === null || nowMs - this.#lastAwakeMs > this.#pauseMs) this.#sinceMs = nowMs;',
      replace: 'this.#sinceMs = 0;',
    }, {
      file: 'src/daemon/heard.ts',
      find: 'return heard?.session === session && nowMs - heard.sentAtMs <= freshMs ? heard.statement : null;',
      replace: 'return heard?.session === session && freshMs > 0 ? heard.statement : null;',
    }],
  },
  ...storageMutants,
];
