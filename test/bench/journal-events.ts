// What is told to the actors of the journal's benches: a disk with one path that is offered, and unwanted again.
import type { DomainEvent } from '../../machines/intent.ts';

const iqn = (disk: string): string => `iqn.2026-01.net.example:${disk}`;

export const specification = (disk: string): DomainEvent => told({
  type: 'disk.specified',
  settings: {
    iqn: iqn(disk), wwn: `6001405${disk.padStart(9, '0')}`,
    backstore: { kind: 'file', path: `/srv/images/${disk}.img` }, access: { initiators: [] },
  },
});

export const settings = (disk: string): DomainEvent => told({
  type: 'path.specified',
  settings: { ip: '10.0.1.101', prefix: 24, interface: 'eth1', port: 3260, iqn: iqn(disk) },
});

export const offered: DomainEvent = told({ type: 'path.offered', modifyIndex: 7, rank: 0, delayMs: 0, evidence: null });
export const unwanted: DomainEvent = told({ type: 'path.unwanted', reason: 'drained' });

function told<T extends DomainEvent>(event: T): DomainEvent {
  return event;
}
