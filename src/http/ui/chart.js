// A machine as a state chart. The live state is filled and ringed, what may follow it is dashed.
import { h, setText, svg } from './dom.js';
import { layoutChart } from './chart-layout.js';
import { lookOf } from './paths.js';

/** Draws into `place`. Answers `show(state)`, which moves the highlight without drawing anew. */
export function drawChart(place, graph, maxWidth) {
  const chart = layoutChart(graph, maxWidth);
  const note = h('p', { class: 'chart-note', 'aria-live': 'polite' });
  const faint = (isInner) =>
    chart.edges
      .filter((edge) => edge.isInner === isInner)
      .map((edge) => svg('path', { class: 'edge', d: edge.path, 'marker-end': 'url(#arrow)' }));
  const strong = new Map(chart.edges.map((edge) => [edge.key, strongEdge(edge)]));
  const groups = new Map(chart.boxes.map((box) => [box.id, boxGroup(box)]));
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${chart.width} ${chart.height}`,
      width: chart.width,
      height: chart.height,
      role: 'group',
      class: 'chart',
    },
    svg('defs', {}, marker('arrow', 'edge-tip'), marker('arrow-strong', 'edge-tip strong')),
    // Arrows between columns run behind the boxes; those inside a column have room of their own.
    ...faint(false),
    ...groups.values(),
    ...faint(true),
    ...strong.values(),
  );
  place.replaceChildren(h('div', { class: 'chart-scroll', tabindex: '0', 'aria-label': 'State chart' }, drawing), note);

  const view = { chart, groups, strong, note, live: '' };
  for (const box of chart.boxes) listen(view, box);
  return {
    show(state) {
      view.live = state;
      drawing.setAttribute('aria-label', `State chart of ${graph.machine}, now ${state}`);
      for (const [id, group] of groups) markBox(group, id, state);
      highlight(view, state);
      scrollTo(place.querySelector('.chart-scroll'), chart.boxes.find((box) => box.id === state));
    },
    highlight: (state) => highlight(view, state ?? view.live),
  };
}

const isWithin = (id, outer) => id === outer || id.startsWith(`${outer}.`);

function markBox(group, id, state) {
  const isLive = id === state;
  group.classList.toggle('live', isLive);
  group.classList.toggle('around', !isLive && isWithin(state, id));
  group.setAttribute('tabindex', isLive ? '0' : '-1');
  if (isLive) group.setAttribute('aria-current', 'true');
  else group.removeAttribute('aria-current');
}

/** Shows where one can go from a state and its outer states, and says what the state is. */
function highlight({ chart, groups, strong, note }, state) {
  const leaving = chart.edges.filter((edge) => isWithin(state, edge.source));
  for (const [key, path] of strong) path.classList.toggle('on', leaving.some((edge) => edge.key === key));
  for (const [id, group] of groups) {
    const mayFollow = id !== state && (chart.fromAnywhere.has(id) || leaving.some((edge) => edge.target === id));
    group.classList.toggle('next', mayFollow);
  }
  const box = chart.boxes.find((each) => each.id === state);
  const said = box === undefined ? 'not part of this version of the machine' : box.node.description || 'no description';
  setText(note, `${state}: ${said}`);
}

function listen(view, box) {
  const group = view.groups.get(box.id);
  const { boxes } = view.chart;
  group.addEventListener('mouseover', (event) => {
    event.stopPropagation();
    highlight(view, box.id);
  });
  group.addEventListener('mouseout', () => highlight(view, view.live));
  group.addEventListener('focus', () => highlight(view, box.id));
  group.addEventListener('blur', () => highlight(view, view.live));
  group.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = boxes[(boxes.indexOf(box) + step + boxes.length) % boxes.length];
    view.groups.get(next.id).focus();
  });
}

function boxGroup(box) {
  const { node, x, y, width, height, isLeaf, depth } = box;
  const look = node.tags.length === 0 ? null : lookOf(node.tags);
  const glyph = look !== null && (look.kind === 'bad' || look.kind === 'good') ? `${look.glyph} ` : '';
  const textAt = isLeaf
    ? { x: x + width / 2, y: y + height / 2, 'text-anchor': 'middle' }
    : { x: x + 10, y: y + 14, 'text-anchor': 'start' };
  return svg(
    'g',
    {
      class: `box ${isLeaf ? 'leaf' : 'outer'} depth-${depth}`,
      'data-state': box.id,
      role: 'img',
      'aria-label': `${box.id}. ${node.description}`,
    },
    svg('title', {}, [box.id, node.description, node.tags.join(', ')].filter((line) => line !== '').join('\n')),
    svg('rect', { class: 'ring', x: x - 3.5, y: y - 3.5, width: width + 7, height: height + 7, rx: 9 }),
    svg('rect', { class: 'body', x, y, width, height, rx: 6 }),
    svg('text', { ...textAt, 'dominant-baseline': 'central' }, `${glyph}${node.key}`),
  );
}

const strongEdge = (edge) =>
  svg('path', { class: 'edge strong', d: edge.path, 'marker-end': 'url(#arrow-strong)', 'data-edge': edge.key });

const marker = (id, className) =>
  svg(
    'marker',
    { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto-start-reverse' },
    svg('path', { class: className, d: 'M 0 0.8 L 7.4 4 L 0 7.2 z' }),
  );

/** On a narrow screen the chart is wider than its window: the live state is brought into it. */
function scrollTo(window, box) {
  if (box === undefined || window.scrollWidth <= window.clientWidth) return;
  window.scrollLeft = Math.max(0, box.x + box.width / 2 - window.clientWidth / 2);
}
