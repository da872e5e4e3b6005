// How many checks passed, failed and were left out, from each runner's own report.

export interface Counts {
  readonly passed: number;
  /** One line for each. */
  readonly failed: readonly string[];
  readonly skipped: readonly string[];
}

export const sumOf = (all: readonly Counts[]): Counts => ({
  passed: all.reduce((sum, { passed }) => sum + passed, 0),
  failed: all.flatMap(({ failed }) => failed),
  skipped: all.flatMap(({ skipped }) => skipped),
});

export const countsOfExit = (name: string, code: number | null): Counts =>
  code === 0
    ? { passed: 1, failed: [], skipped: [] }
    : { passed: 0, failed: [code === null ? `${name}: not done in time` : name], skipped: [] };

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Vitest's JSON report. A file that could not be loaded has no tests in it and counts as one failure. */
export function countsOfVitest(json: string, code: number | null): Counts {
  if (json === '') return { passed: 0, failed: ['vitest made no report'], skipped: [] };
  const { testResults } = JSON.parse(json) as VitestReport;
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName);
  const broken = testResults
    .filter(({ status }) => status === 'failed')
    .filter(({ assertionResults }) => assertionResults.every((each) => each.status !== 'failed'))
    .map(({ name }) => name);
  const known = [...failed, ...broken];
  return {
    passed: tests.filter(({ status }) => status === 'passed').length,
    failed: known.length === 0 && code !== 0 ? ['vitest ended with an error outside of any test'] : known,
    skipped: tests.filter(({ status }) => !/^(passed|failed)$/.test(status)).map(({ fullName }) => fullName),
  };
}

/** The crash harness says `✓ point: 40 of 40` or `✗ point: 39 of 40` for each point. */
export function countsOfCrashes(said: string, code: number | null): Counts {
  const verdicts = [...said.matchAll(/^([✓✗]) (.+): \d+ of \d+$/gm)];
  const failed = verdicts.flatMap(([, sign, name = '']) => (sign === '✗' ? [name] : []));
  return {
    passed: verdicts.length - failed.length,
    failed: code === 0 || failed.length > 0 ? failed : ['not a single point, but the crash harness as a whole'],
    skipped: [],
  };
}

/**
 * The lab says `✓ name: …` or `✗ name: …` for each scenario, and below what was wrong; whatever else it found wrong is
 * one more failure.
 */
export function countsOfLab(said: string, code: number | null): Counts {
  const verdicts = [...said.matchAll(/^([✓✗]) ([\w-]+):.*((?:\n {4}.+)*)/gm)];
  const failed = verdicts.flatMap(([, sign, name = '', below = '']) => {
    const reasons = below.split('\n').map((line) => line.trim()).filter(Boolean);
    return sign === '✗' ? [[name, ...reasons].join(': ')] : [];
  });
  return {
    passed: verdicts.length - failed.length,
    failed: code === 0 || failed.length > 0 ? failed : ['not a single scenario, but the lab as a whole'],
    skipped: [],
  };
}

const cannotRunCode = 77;

/** The virtual machine says `✓ part: …` or `✗ part: …` for everything that it tried. */
export function countsOfMachines(said: string, code: number | null): Counts {
  // On CI it does not end like this.
  if (code === cannotRunCode) return { passed: 0, failed: [], skipped: ['vm: something that it needs is missing'] };
  const verdicts = [...said.matchAll(/^([✓✗]) ([\w-]+: .*)$/gm)];
  const failed = verdicts.flatMap(([, sign, what = '']) => (sign === '✗' ? [what] : []));
  const isSilent = failed.length === 0 && (code !== 0 || verdicts.length === 0);
  return {
    passed: verdicts.length - failed.length,
    failed: isSilent ? ['nothing by name, but the virtual machine as a whole'] : failed,
    skipped: [],
  };
}
