// The runs in which a mutant is looked for.
import type { Order } from '../run.ts';
import type { Mutant } from './mutant.ts';

const hours = 0.25;

export const orderOf = (seed: number, { kinds }: Mutant): Order =>
  ({ seed, nodes: 3, paths: null, hours, ...(kinds === undefined ? {} : { kinds }) });
