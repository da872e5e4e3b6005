// Every intent that leaves the node's memory, and what carries it out.
import type { Effects } from '../dispatcher.ts';
import { dataPlaneEffects } from './data-plane.ts';
import { exclusionEffects } from './exclusion.ts';
import { lockEffects } from './lock.ts';
import { nodeEffects } from './node.ts';
import type { EffectParts } from './parts.ts';
import { specEffects } from './spec.ts';
import { storageEffects } from './storage.ts';

export const effectsOf = (parts: EffectParts): Effects => ({
  ...lockEffects(parts),
  ...dataPlaneEffects(parts),
  ...specEffects(parts),
  ...nodeEffects(parts),
  ...exclusionEffects(parts),
  ...storageEffects(parts),
});
