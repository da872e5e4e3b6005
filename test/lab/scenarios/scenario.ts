// A scenario disturbs a settled cluster in one way and says what that did.
import type { Lab } from '../lab.ts';
import type { Report } from '../report.ts';

export interface Scenario {
  /** As given to --scenario; also the beginning of its figures' names, in camel case. */
  readonly name: string;
  readonly what: string;
  /** Leaves the cluster able to settle again. Failures that are bars go into the report; trouble is thrown. */
  readonly run: (lab: Lab, report: Report) => Promise<void>;
}
