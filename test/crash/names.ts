// What a call of a port carries out, in the words of the machines: the name of the intent behind it.
import type { ClusterPort, Lock } from '../../src/ports/cluster.ts';

/** Calls of the data plane, by port and verb. */
export const dataPlaneNames: Readonly<Record<string, string>> = {
  'backstore.ensureAttached': 'backstore.attach',
  'backstore.ensureDetached': 'backstore.detach',
  'target.ensureDefined': 'target.define',
  'target.ensureRemoved': 'target.remove',
  'target.ensureOpen': 'portal.open',
  'target.ensureClosed': 'portal.close',
  'target.observe': 'target.observe',
  'address.probe': 'address.probe',
  'address.ensureAdded': 'address.add',
  'address.ensureRemoved': 'address.remove',
  'address.observe': 'address.observe',
  'address.announce': 'address.announce',
  'traffic.ensureBlocked': 'traffic.block',
  'traffic.ensureUnblocked': 'traffic.unblock',
};

const puts: Readonly<Record<string, string>> = {
  exclusions: 'exclusion.publish',
  moves: 'move.request',
  drains: 'drain.write',
  disks: 'spec.write',
};
const removals: Readonly<Record<string, string>> = {
  moves: 'move.clear',
  drains: 'drain.remove',
  disks: 'spec.remove',
  paths: 'lockKey.remove',
};
const folderOf = (key: string): string => key.slice(0, key.indexOf('/'));
const isPath = (key: string): boolean => folderOf(key) === 'paths';

export function clusterName(verb: keyof ClusterPort, given: readonly unknown[]): string {
  const [first, value] = given;
  const { key = '' } = (typeof first === 'object' ? first : {}) as Partial<Lock>;
  switch (verb) {
    case 'acquire':
      return isPath(key) ? 'lock.acquire' : 'node.register';
    case 'update':
      if (isPath(key)) return 'lock.clear';
      return String(value).includes('"leaving":true') ? 'node.announceLeaving' : 'node.register';
    case 'put':
      return puts[folderOf(key)] ?? 'key.put';
    case 'remove':
      return removals[folderOf(key)] ?? 'key.remove';
    case 'createSession':
      return 'session.create';
    case 'renewSession':
      return 'session.renew';
    case 'destroySession':
      return 'session.destroy';
    case 'confirm':
    case 'release':
      return `lock.${verb}`;
    default:
      return `consul.${verb}`;
  }
}
