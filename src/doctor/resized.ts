// Disks whose images have another size now than initiators see here.
import type { Finding, Say } from './finding.ts';
import type { ImageSetup, Measured } from './images.ts';

/** Initiators are shown whole megabytes. */
const megabyte = 1e6;

export function resizedFindings(
  images: readonly Measured[],
  { config: { node }, shown }: ImageSetup,
  say: Say,
): readonly Finding[] {
  // A target that does not answer has a line of its own.
  if (shown.kind !== 'done') return [];
  return images.flatMap(({ disk, wwn, name, bytes }) => {
    const [seen, now] = [shown.value.get(wwn), bytes / megabyte];
    // Nothing is known of a device whose size is 0.
    if (seen === undefined || bytes === 0 || Math.abs(now - seen) < 1) return [];
    const found = `${name} has ${String(Math.round(now))} MB now, and initiators see ${String(seen)} MB here`;
    const after = `# when it is empty: pathwarden node undrain ${node.name}; one gateway after the other, then rescan`;
    return [say.warning(`image of ${disk}`, found, `pathwarden node drain ${node.name}   ${after}`)];
  });
}
