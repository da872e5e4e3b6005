// What the board says about a path. Each state has a shape and a word besides its colour.

export const pathId = (path) => `path/${path.disk}/${path.index}`;

/** The path's own state on this node. */
export function localLook(path) {
  if (path.local === null) return { kind: 'idle', glyph: '·', text: 'not here' };
  return { ...lookOf(path.local.tags), text: path.local.state };
}

export function lookOf(tags) {
  if (tags.includes('needsOperator')) return { kind: 'bad', glyph: '▲' };
  if (tags.includes('serving')) return { kind: 'good', glyph: '●' };
  if (tags.includes('settled') || tags.includes('idle')) return { kind: 'idle', glyph: '○' };
  return { kind: 'busy', glyph: '◐' };
}

/** What a person should know about the path besides its state, worst first. */
export function notesOf(path, disk, cluster) {
  const notes = [];
  const owner = cluster.nodes.find((node) => node.node === path.owner);
  if (needsOperator(path)) notes.push({ kind: 'bad', glyph: '▲', text: 'needs operator' });
  // The journal of one node does not know who else had a path.
  const isNow = cluster.replay === null;
  if (isNow && path.owner !== null && owner?.alive !== true) {
    notes.push({ kind: 'bad', glyph: '✕', text: `owner ${path.owner} is down` });
  }
  if (isNow && path.owner === null && disk.desired === 'started') notes.push({ kind: 'bad', glyph: '✕', text: 'no owner' });
  if (path.waits !== null) notes.push({ kind: 'warn', glyph: '⚒', text: 'waits: maintenance', title: path.waits });
  if (path.pendingExclusion !== null) {
    const { node, session } = path.pendingExclusion;
    notes.push({
      kind: 'warn',
      glyph: '◆',
      text: `${node} not proven out`,
      title: `Session ${session} is not excluded yet`,
    });
  }
  if (path.moving !== null) {
    const { from, to, by, reason } = path.moving;
    notes.push({ kind: 'warn', glyph: '⇄', text: `moving ${from} → ${to ?? 'any'}`, title: `${by}: ${reason}` });
  }
  return notes;
}

export const needsOperator = (path) => path.local?.tags.includes('needsOperator') === true;

/** The views one can choose; each answers whether a path belongs to it. */
export const views = [
  { id: 'all', label: 'all', has: () => true },
  { id: 'here', label: 'served here', has: (path) => path.local?.tags.includes('serving') === true },
  { id: 'none', label: 'no owner', has: (path) => path.owner === null },
  { id: 'moving', label: 'moving', has: (path) => path.moving !== null },
  { id: 'proof', label: 'proof pending', has: (path) => path.pendingExclusion !== null },
  { id: 'operator', label: 'needs operator', has: needsOperator },
];

export function matches(path, disk, words) {
  if (words.length === 0) return true;
  const { ip, owner, local } = path;
  const text = [
    disk.disk,
    disk.iqn,
    disk.status,
    pathId(path),
    ip,
    owner ?? 'none',
    local?.state ?? '',
  ].join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
