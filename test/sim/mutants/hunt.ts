// Runs seeds until one of them finds the mistake that was loaded, and says which.
import { runOnce } from '../run.ts';

const [seedsMax = '2000'] = process.argv.slice(2);
const hours = 0.25;
Error.stackTraceLimit = 0;

let found: object | null = null;
let seed = 0;
while (found === null && seed < Number(seedsMax)) {
  seed += 1;
  const { violation } = await runOnce({ seed, nodes: seed % 2 === 0 ? 5 : 3, paths: null, hours });
  if (violation !== null) found = violation;
}
console.log(JSON.stringify({ seeds: seed, found }));
