// The mistake that this process is to have.
import { mutants } from './list.ts';
import type { Mutant } from './mutant.ts';

export const loadedMutant: Mutant = named(process.env['PATHWARDEN_SIM_MUTANT'] ?? '');

function named(name: string): Mutant {
  const found = mutants.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no mutant is called ${name}`);
  return found;
}
