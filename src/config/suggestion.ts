// "did you mean": the known word that a wrong one most likely stands for.

/** The nearest of `known`, when it is near enough to be a typing error or another spelling. */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  const bare = normal(word);
  const starting = known.filter((candidate) => bare.length > 2 && normal(candidate).startsWith(bare));
  if (starting.length > 0) return starting[0];
  const scored = known.map((candidate) => ({ candidate, far: distance(bare, normal(candidate)) }));
  const [best] = scored.toSorted((a, b) => a.far - b.far);
  const near = Math.max(bare.length < 4 ? 1 : 2, Math.floor(bare.length / 3));
  return best !== undefined && best.far <= near ? best.candidate : undefined;
}

const normal = (word: string): string => word.toLowerCase().replaceAll(/[-_ ]/g, '');

/** Insertions, deletions and replacements that turn one word into the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, letter] of from.split('').entries()) {
    const next = [index + 1];
    for (const [column, other] of to.split('').entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
