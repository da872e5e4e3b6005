// The last events of this node, newest first.
import { byId, h, reconcile, setAttribute, setText } from './dom.js';
import { clock, dayAndClock, dotted } from './format.js';

const keep = 80;
const records = new Map();
let paused = false;
let onOpenActor = () => {};
let frame = 0;

export function startTicker(onOpen) {
  onOpenActor = onOpen;
  const pause = byId('pause');
  pause.addEventListener('click', () => {
    paused = !paused;
    setAttribute(pause, 'aria-pressed', paused);
    setText(pause, paused ? 'Go on' : 'Pause');
    if (!paused) draw();
  });
}

/** Fills the list with what happened before the page was opened or while the link was gone. */
export async function loadTicker() {
  const answer = await fetch(`v1/events?newest=true&limit=${keep}`).catch(() => null);
  if (answer?.ok === true) for (const record of await answer.json()) records.set(record.seq, record);
  draw();
}

export function tick(record) {
  records.set(record.seq, record);
  // Many events come in bursts: one drawing per frame is enough.
  if (!paused && frame === 0) {
    frame = requestAnimationFrame(() => {
      frame = 0;
      draw();
    });
  }
}

function draw() {
  const newest = [...records.values()].sort((a, b) => b.seq - a.seq);
  for (const old of newest.splice(keep)) records.delete(old.seq);
  reconcile(byId('ticker'), newest, (record) => record.seq, makeLine);
}

function makeLine(record) {
  return h(
    'li',
    { 'data-seq': record.seq },
    h('time', { class: 'mono', title: dayAndClock(record.at) }, clock(record.at)),
    h('button', { type: 'button', class: 'link mono', onclick: () => onOpenActor(record.actor) }, record.actor),
    h(
      'span',
      { class: 'tick-what mono' },
      record.event.type,
      h('span', { class: 'muted' }, ` → ${dotted(record.value)}`),
    ),
  );
}
