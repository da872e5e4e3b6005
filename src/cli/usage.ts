import { PathwardenError } from '../errors.ts';

/** A command line, or a file that it names, that asks for what cannot be. */
export const usage = (message: string): PathwardenError => new PathwardenError('USAGE_INVALID', message);
