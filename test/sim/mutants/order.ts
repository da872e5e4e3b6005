// The runs in which a mutant is looked for.
import type { Order } from '../run.ts';

const hours = 0.25;

export const orderOf = (seed: number): Order => ({ seed, nodes: 3, paths: null, hours });
