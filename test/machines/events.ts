// Events that many tests tell a machine.
import type { DomainEvent } from '../../machines/intent.ts';
import { settings } from './samples.ts';

export const event = (type: string, fields: object = {}): DomainEvent => ({ type, ...fields });
export const because = { reason: 'because' };

export const specified = event('path.specified', { settings });
export const offered = (fields: object = {}): DomainEvent =>
  event('path.offered', { modifyIndex: 7, rank: 0, delayMs: 0, evidence: null, proof: null, ...fields });
export const granted = (evidence: object | null = null): DomainEvent =>
  event('lock.granted', { epoch: 3, modifyIndex: 10, evidence });
