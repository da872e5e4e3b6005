import { expect, test } from 'vitest';
import { emptyReport } from '../lab/report.ts';
import { lineOf, verdictsOf } from '../vm/verdicts.ts';
import { judgeFencing } from '../vm/takeover.ts';

/** The power switch heard of these, in this order: the first one is the accident. */
function lines(...requests: readonly (readonly [node: string, proven: boolean])[]): readonly string[] {
  const report = emptyReport();
  const heard = requests.map(([node, proven]) => ({ node, at: 0, answer: { proven, evidence: '' } }));
  judgeFencing(report, { requests: heard });
  const verdicts = verdictsOf('takeover', { ...report, passed: [] }).map((verdict) => lineOf('takeover', verdict));
  return verdicts.filter((line) => /fence/.test(line));
}

test('the host that was killed is fenced by the other one, with proof', () => {
  expect(lines(['n1', true], ['n1', true])).toEqual(['✓ takeover: fencesProven is 1']);
});

test('no fence, and none with proof, is a failure and nothing else', () => {
  for (const requests of [[], [['n1', true]], [['n1', true], ['n1', false]]] as const) {
    expect(lines(...requests)).toEqual(['✗ takeover: fencesProven is 0, less than 1']);
  }
});

test('a fence of the host that lives is a failure', () => {
  expect(lines(['n1', true], ['n1', true], ['n2', true])).toContain('✗ takeover: n2 was fenced without need');
});
