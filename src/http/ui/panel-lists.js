// The lists of the actor panel: causes, events, intents, timers, context.
import { h, reconcile, setText } from './dom.js';
import { clock, dayAndClock } from './format.js';

export function drawChain(list, steps) {
  const create = (step) =>
    h(
      'li',
      {},
      h('time', { class: 'mono', title: dayAndClock(step.at) }, clock(step.at)),
      h(
        'div',
        {},
        h('p', {}, step.text),
        h('p', { class: 'muted mono' }, originText(step)),
      ),
    );
  reconcile(list, steps, (step) => `${step.seq} ${step.text}`, create);
}

/** Who and whence; what happened only where the sentence above does not name it. */
function originText({ actor, event, state, text, cause }) {
  const what = text.includes(event.type) ? '' : `  ${event.type} → ${state}`;
  return `${actor}${what}${causeText(cause)}`;
}

function causeText(cause) {
  if (cause === null) return '';
  switch (cause.kind) {
    case 'intent':
      return `  · answers intent ${cause.id}`;
    case 'consul':
      return `  · Consul index ${cause.index}${cause.key === undefined ? '' : ` ${cause.key}`}`;
    case 'operator':
      return `  · ${cause.by}: ${cause.reason}`;
    default:
      return `  · ${cause.what}`;
  }
}

/** What each accepted event would do, from the innermost state outwards, as the machine tries them. */
export function drawAccepts(list, actor, graph) {
  const outwards = (state) => (state === '' ? ['*'] : [state, ...outwards(state.split('.').slice(0, -1).join('.'))]);
  const items = actor.accepts.map((event) => {
    const edges = graph?.edges.filter((edge) => edge.event === event) ?? [];
    const source = outwards(actor.state).find((state) => edges.some((edge) => edge.source === state));
    return { event, leads: edges.filter((edge) => edge.source === source).map(leadText) };
  });
  const create = (item) => h(
    'li',
    {},
    h('span', { class: 'mono' }, item.event),
    h('span', { class: 'muted' }, item.leads.join(', ')),
  );
  reconcile(list, items, (item) => JSON.stringify(item), create);
}

function leadText({ target, guard }) {
  return `${target === null ? 'stays' : `→ ${target}`}${guard === null ? '' : ` if ${guard}`}`;
}

export function drawLines(list, items, none, texts) {
  const rows = items.length === 0 ? [{ none: true }] : items;
  const create = (item) => {
    if (item.none === true) return h('li', { class: 'muted' }, none);
    const [name, more] = texts(item);
    return h(
      'li',
      { 'data-due': item.dueInMs ?? null },
      h('span', { class: 'mono' }, name),
      h('span', { class: 'muted mono' }, more),
    );
  };
  reconcile(list, rows, (item) => JSON.stringify(item), create);
}

export function drawContext(list, context) {
  const entries = context !== null && typeof context === 'object' ? Object.entries(context) : [['value', context]];
  const create = ([name]) => h('div', {}, h('dt', { class: 'mono' }, name), h('dd', { class: 'mono' }));
  reconcile(list, entries, ([name]) => name, create, (row, [, value]) => {
    setText(row.lastChild, typeof value === 'string' ? value : JSON.stringify(value));
  });
}
