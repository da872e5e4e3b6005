// Runs seeds until one of them finds the mistake that was loaded, and says which.
import { runOnce } from '../run.ts';
import { loadedMutant } from './loaded.ts';
import { orderOf } from './order.ts';

const [seedsMax = '2000'] = process.argv.slice(2);
Error.stackTraceLimit = 0;

let found: object | null = null;
let seed = 0;
while (found === null && seed < Number(seedsMax)) {
  seed += 1;
  const { violation } = await runOnce(orderOf(seed, loadedMutant));
  if (violation !== null) found = violation;
}
console.log(JSON.stringify({ seeds: seed, found }));
