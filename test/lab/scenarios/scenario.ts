// A scenario disturbs a settled cluster in one way and says what that did.
import type { Settings } from '../gateway.ts';
import type { Lab } from '../lab.ts';
import type { Report } from '../report.ts';

export interface Scenario {
  /** As given to --scenario; also the beginning of its figures' names, in camel case. */
  readonly name: string;
  readonly what: string;
  /** What the daemons' configuration has to be for it, where that is not the run's. */
  readonly settings?: Partial<Settings>;
  /** A host may go on answering that storage refuses. Whether that is all, the scenario says itself. */
  readonly judgesDoubleService?: true;
  /** Leaves the cluster able to settle again. Failures that are bars go into the report; trouble is thrown. */
  readonly run: (lab: Lab, report: Report) => Promise<void>;
}
