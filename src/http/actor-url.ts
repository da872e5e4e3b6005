// Ids of actors contain slashes and stand in URLs as they are: one route per number of parts.
// An encoded slash works too, as `disk%2Fexplain` for a disk whose name is also the name of a sub-resource.
import { Type } from 'typebox';

const part = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 256, description, examples: [example] });
const kind = part('Kind of the actor, or its whole id with encoded slashes', 'path');
const name = part('Name within the kind', '00001');
const index = part('Number within the name', '1');

export const actorShapes = [
  { url: '/v1/actors/:kind', params: Type.Object({ kind }) },
  { url: '/v1/actors/:kind/:name', params: Type.Object({ kind, name }) },
  { url: '/v1/actors/:kind/:name/:index', params: Type.Object({ kind, name, index }) },
] as const;

export const idFrom = (params: { readonly kind: string; readonly name?: string; readonly index?: string }): string =>
  [params.kind, params.name, params.index].filter((each) => each !== undefined).join('/');
