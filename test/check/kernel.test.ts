import { expect, test } from 'vitest';
import { newestFirst } from '../vm/get-kernel.ts';

test('of the kernels that are kept the newest comes first, by its numbers', () => {
  const kept = ['linux-image-6.1.0-9-amd64', 'linux-image-6.1.0-56-amd64', 'linux-image-6.12.1-1-amd64'];
  expect(newestFirst(kept)).toEqual([kept[2], kept[1], kept[0]]);
});
