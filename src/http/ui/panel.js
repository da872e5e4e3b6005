// One actor in full: where it is in its machine, why, and what it waits for.
import { byId, h, setAttribute, setText } from './dom.js';
import { drawChart } from './chart.js';
import { dayAndClock, duration, serverNow } from './format.js';
import { drawAccepts, drawChain, drawContext, drawLines } from './panel-lists.js';
import { lookOf } from './paths.js';

const refreshMs = 200;
/** Below this the chart scrolls sideways rather than fold its columns into several rows. */
const chartMinWidth = 1150;
const machines = new Map();

let open = null;
let refresh = null;

export function startPanel(onClose) {
  const dialog = byId('panel');
  dialog.addEventListener('close', () => {
    open = null;
    onClose();
  });
  // A click beside the panel closes it.
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close();
  });
  setInterval(drawTimes, 250);
}

export function openPanel(id) {
  if (open?.id === id) return;
  open = { id, parts: skeleton(id), chart: null, machine: null, actor: null, read: 0 };
  const dialog = byId('panel');
  dialog.replaceChildren(open.parts.whole);
  if (!dialog.open) dialog.showModal();
  void load(open);
}

export function closePanel() {
  if (byId('panel').open) byId('panel').close();
}

/** Something happened to an actor (null: to whichever): many changes in a row are read once. */
export function actorChanged(id) {
  if (open === null || (id !== null && id !== open.id)) return;
  refresh ??= setTimeout(() => {
    refresh = null;
    if (open !== null) void load(open);
  }, refreshMs);
}

async function load(panel) {
  const url = `v1/actors/${panel.id.split('/').map(encodeURIComponent).join('/')}`;
  const [actor, explanation] = await Promise.all([read(url), read(`${url}/explain`)]);
  if (open !== panel) return;
  if (actor === null) {
    setText(panel.parts.description, 'This node does not answer, or it has no such actor any more.');
    return;
  }
  const name = actor.machine.split('@')[0];
  if (!machines.has(name)) machines.set(name, await read(`v1/machines/${encodeURIComponent(name)}`));
  if (open !== panel) return;
  draw(panel, actor, explanation, machines.get(name));
}

async function read(url) {
  const answer = await fetch(url).catch(() => null);
  return answer?.ok === true ? answer.json() : null;
}

function skeleton(id) {
  const parts = {
    state: h('span', { class: 'pill big' }, '…'),
    description: h('p', { class: 'lead' }, 'Reading…'),
    facts: h('p', { class: 'muted' }),
    chart: h('div', { class: 'chart-place' }),
    chain: h('ol', { class: 'chain' }),
    recent: h('ol', { class: 'chain' }),
    accepts: h('ul', { class: 'accepts' }),
    pending: h('ul', { class: 'lines' }),
    timers: h('ul', { class: 'lines' }),
    context: h('dl', { class: 'context' }),
  };
  const block = (title, body) => h('section', {}, h('h3', {}, title), body);
  const close = h(
    'button',
    { type: 'button', class: 'plain close', 'aria-label': 'Close', onclick: closePanel },
    '✕ Close',
  );
  const title = h('h2', { id: 'panel-title', class: 'mono', tabindex: '-1', autofocus: true }, id);
  const stale = h('span', { class: 'panel-stale' }, '✕ connection lost, this is not the state of now');
  parts.whole = h(
    'div',
    { class: 'panel-body' },
    h('header', { class: 'panel-head' }, title, parts.state, stale, close),
    parts.description,
    parts.facts,
    h('section', { class: 'chart-section', 'aria-label': 'State chart' }, parts.chart, legend()),
    h(
      'div',
      { class: 'panel-columns' },
      h('div', {}, block('Why it is here, latest first', parts.chain), block('Its last events', parts.recent)),
      h(
        'div',
        {},
        block('Waits for the answer of', parts.pending),
        block('Timers', parts.timers),
        block('Reacts to', parts.accepts),
        block('Context', parts.context),
      ),
    ),
  );
  return parts;
}

function legend() {
  const item = (kind, text) => h('span', {}, h('i', { class: `key ${kind}`, 'aria-hidden': 'true' }), text);
  return h(
    'p',
    { class: 'legend' },
    item('key-live', 'now'),
    item('key-next', 'may follow'),
    h('span', {}, '● serves'),
    h('span', {}, '▲ needs an operator'),
    h('span', {}, 'point at a state to see where it leads'),
  );
}

function draw(panel, actor, explanation, machine) {
  const { parts } = panel;
  panel.actor = actor;
  panel.read = performance.now();
  const look = lookOf(actor.tags);
  setText(parts.state, `${look.glyph} ${actor.state}`);
  setAttribute(parts.state, 'data-kind', look.kind);
  const waits = explanation?.waits ?? null;
  setText(parts.description, waits === null ? actor.description : `${actor.description} It waits: ${waits}`);
  drawMachine(panel, actor, machine);
  drawChain(parts.chain, explanation?.chain ?? []);
  drawChain(parts.recent, explanation?.recent ?? []);
  drawAccepts(parts.accepts, actor, machine?.graph ?? null);
  drawLines(
    parts.pending,
    actor.pending,
    'nothing',
    (each) => [`${each.type}`, `#${each.id} ${JSON.stringify(each.params)}`],
  );
  drawLines(parts.timers, actor.timers, 'none', (each) => [each.name, '']);
  drawContext(parts.context, actor.context);
  drawTimes();
}

function drawMachine(panel, actor, machine) {
  if (machine === null) return;
  const place = panel.parts.chart;
  if (panel.machine !== machine) {
    panel.machine = machine;
    panel.chart = drawChart(place, machine.graph, Math.max(place.clientWidth - 18, chartMinWidth));
  }
  if (panel.shown === actor.state) return;
  panel.shown = actor.state;
  panel.chart.show(actor.state);
}

function drawTimes() {
  if (open?.actor === null || open === null) return;
  const { actor, parts, read } = open;
  const lasting = `for ${duration(serverNow() - actor.since)}, since ${dayAndClock(actor.since)}`;
  setText(parts.facts, [lasting, actor.machine, `record ${actor.seq}`, ...actor.tags].join(' · '));
  for (const line of parts.timers.querySelectorAll('[data-due]')) {
    const left = Number(line.dataset.due) - (performance.now() - read);
    setText(line.lastChild, left > 0 ? `in ${(left / 1000).toFixed(1)} s` : 'due');
  }
}
