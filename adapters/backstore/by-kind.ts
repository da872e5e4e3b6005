// One backstore made of one for each kind of image.
import type { BackstorePort, BackstoreSpec } from '../../src/ports/dataplane.ts';
import { done, refused } from '../../src/ports/outcome.ts';

type Kinds = Partial<Readonly<Record<BackstoreSpec['kind'], BackstorePort>>>;

/** A kind that is not in `kinds` is refused. So nothing of it is attached here, and giving it up is done at once. */
export function backstoreByKind(kinds: Kinds): BackstorePort {
  const refusal = (kind: string) => refused(`this node serves no ${kind} images: see dataPlane in its configuration`);
  return {
    ensureAttached: async (request, options) =>
      (await kinds[request.spec.kind]?.ensureAttached(request, options)) ?? refusal(request.spec.kind),
    ensureDetached: async (request, options) =>
      (await kinds[request.spec.kind]?.ensureDetached(request, options)) ?? done(null),
  };
}
