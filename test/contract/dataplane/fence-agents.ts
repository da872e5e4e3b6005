// Debian's fence-agents, for the tests that need them.
import { leftOut, missingPrograms } from '../../left-out.ts';

export const fenceAgentsMissing = (): boolean =>
  leftOut('the Debian package fence-agents', missingPrograms('fence_dummy')) !== null;
