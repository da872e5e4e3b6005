// Where the boxes and arrows of a state chart lie. Pure: graph and width in, coordinates out.
// Top-level states are columns in the order of the machine; the steps inside one are stacked from first to last.

const leafHeight = 28;
const titleHeight = 28;
const gapY = 13;
const columnGap = 38;
const rowGap = 44;
const sidePad = [0, 21, 13];
const bottomPad = 12;
const margin = 8;
/** Room above a row for arrows that pass over columns: onwards in the lower lane, back in the upper. */
const laneHeight = 26;
const corner = 7;
const characterWidth = 6.9;

/** Boxes parents first; edges one per pair of states, with all events that lead along them. */
export function layoutChart(graph, maxWidth) {
  const childrenOf = Map.groupBy(graph.nodes, (node) => node.parent);
  const root = graph.nodes.find((node) => node.parent === null);
  const columns = (childrenOf.get(root.id) ?? []).map((node) => measure(node, childrenOf, 1));
  const boxes = [];
  const size = placeColumns(columns, maxWidth, boxes);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  // What every state reacts to has no box to start from: its targets are marked only.
  const fromAnywhere = new Set(graph.edges.filter((edge) => edge.source === root.id).map((edge) => edge.target));
  return { boxes, edges: edgesOf(graph, byId), fromAnywhere, ...size };
}

function measure(node, childrenOf, depth) {
  const children = (childrenOf.get(node.id) ?? []).map((child) => measure(child, childrenOf, depth + 1));
  const own = Math.max(76, Math.ceil(node.key.length * characterWidth) + 34);
  if (children.length === 0) return { node, depth, children, width: own, height: depth === 1 ? 40 : leafHeight };
  const pad = sidePad[Math.min(depth, 2)];
  const inner = Math.max(own, ...children.map((child) => child.width));
  const stacked = children.reduce((sum, child) => sum + child.height + gapY, -gapY);
  return { node, depth, children, width: inner + 2 * pad, height: titleHeight + stacked + bottomPad };
}

function placeColumns(columns, maxWidth, boxes) {
  let x = margin;
  let y = margin + laneHeight;
  let row = 0;
  let rowHeight = 0;
  let width = 0;
  for (const [at, column] of columns.entries()) {
    if (x > margin && x + column.width + margin > maxWidth) {
      x = margin;
      y += rowHeight + rowGap + laneHeight;
      row += 1;
      rowHeight = 0;
    }
    const columnBox = { left: x, right: x + column.width, top: y };
    place(column, { x, y, width: column.width, column: at, row, columnBox }, boxes);
    x += column.width + columnGap;
    width = Math.max(width, x - columnGap + margin);
    rowHeight = Math.max(rowHeight, column.height);
  }
  return { width, height: y + rowHeight + margin };
}

function place(item, at, boxes) {
  const { node, depth, children, height } = item;
  boxes.push({ id: node.id, node, depth, isLeaf: children.length === 0, ...at, height });
  const pad = sidePad[Math.min(depth, 2)];
  let y = at.y + titleHeight;
  for (const child of children) {
    place(child, { ...at, x: at.x + pad, y, width: at.width - 2 * pad }, boxes);
    y += child.height + gapY;
  }
}

function edgesOf(graph, byId) {
  const merged = new Map();
  for (const { source, target, event, guard } of graph.edges) {
    const from = byId.get(source);
    const to = target === null ? undefined : byId.get(target);
    if (from === undefined || to === undefined || from === to) continue;
    const key = `${source} → ${target}`;
    const isInner = from.column === to.column;
    const edge = merged.get(key) ?? { key, source, target, path: route(from, to), isInner, events: [] };
    edge.events.push(guard === null ? event : `${event} [${guard}]`);
    merged.set(key, edge);
  }
  return [...merged.values()].filter((edge) => edge.path !== null);
}

const isInside = (inner, outer) => inner.id.startsWith(`${outer.id}.`);

function route(from, to) {
  if (isInside(from, to)) return null;
  if (isInside(to, from)) return intoOwn(from, to);
  if (from.column === to.column) return from.y < to.y ? downwards(from, to) : upwards(from, to);
  if (from.row !== to.row) return betweenRows(from, to);
  return Math.abs(from.column - to.column) === 1 ? across(from, to) : overhead(from, to);
}

const middle = (box) => (box.isLeaf ? box.y + box.height / 2 : box.y + titleHeight / 2);

/** From the title of a box to a step inside it, along its left edge. */
function intoOwn(from, to) {
  const y = middle(from);
  return `M ${from.x + 10} ${y + 8} C ${from.x + 2} ${y + 20}, ${to.x - 18} ${middle(to)}, ${to.x} ${middle(to)}`;
}

/** To the next step straight down; past others in an arc on the right. */
function downwards(from, to) {
  const gap = to.y - (from.y + from.height);
  const x = Math.min(from.x + from.width, to.x + to.width) - (from.width > to.width ? to.width : from.width) / 2;
  if (gap <= gapY + 1) return `M ${x} ${from.y + from.height} L ${x} ${to.y}`;
  return arc(from.x + from.width, middle(from), to.x + to.width, middle(to), 1);
}

const upwards = (from, to) => arc(from.x, middle(from), to.x, middle(to), -1);

function arc(x1, y1, x2, y2, side) {
  const reach = side * Math.min(22, 10 + Math.abs(y2 - y1) / 14);
  const outer = side > 0 ? Math.max(x1, x2) : Math.min(x1, x2);
  return `M ${x1} ${y1} C ${outer + reach} ${y1}, ${outer + reach} ${y2}, ${x2} ${y2}`;
}

function across(from, to) {
  const isForward = to.column > from.column;
  const x1 = isForward ? from.x + from.width : from.x;
  const x2 = isForward ? to.x : to.x + to.width;
  const bend = Math.max(26, Math.abs(x2 - x1) / 2.4) * (isForward ? 1 : -1);
  return `M ${x1} ${middle(from)} C ${x1 + bend} ${middle(from)}, ${x2 - bend} ${middle(to)}, ${x2} ${middle(to)}`;
}

/** Past other columns: up beside the source, along a lane above the row, down beside the target. */
function overhead(from, to) {
  const isForward = to.column > from.column;
  const side = isForward ? 1 : -1;
  const away = isForward ? 11 : 18;
  const lane = from.columnBox.top - (isForward ? 10 : 19);
  const x1 = isForward ? from.x + from.width : from.x;
  const x2 = isForward ? to.x : to.x + to.width;
  const up = (isForward ? from.columnBox.right : from.columnBox.left) + side * away;
  const down = (isForward ? to.columnBox.left : to.columnBox.right) - side * away;
  const bend = side * corner;
  const [y1, y2] = [middle(from), middle(to)];
  return [
    `M ${x1} ${y1} H ${up - bend} Q ${up} ${y1} ${up} ${y1 - corner}`,
    `V ${lane + corner} Q ${up} ${lane} ${up + bend} ${lane}`,
    `H ${down - bend} Q ${down} ${lane} ${down} ${lane + corner}`,
    `V ${y2 - corner} Q ${down} ${y2} ${down + bend} ${y2} H ${x2}`,
  ].join(' ');
}

function betweenRows(from, to) {
  const isDown = to.row > from.row;
  const x1 = from.x + from.width * 0.8;
  const x2 = to.x + to.width * 0.8;
  const y1 = isDown ? from.y + from.height : from.y;
  const y2 = isDown ? to.y : to.y + to.height;
  const bend = isDown ? 34 : -34;
  return `M ${x1} ${y1} C ${x1} ${y1 + bend}, ${x2} ${y2 - bend}, ${x2} ${y2}`;
}
