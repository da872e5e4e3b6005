// Disks and their paths. Rows are made once and changed in place, so nothing jumps while it updates.
import { byId, h, reconcile, setAttribute, setText } from './dom.js';
import { duration, plural, serverNow } from './format.js';
import { localLook, matches, notesOf, pathId, views } from './paths.js';

/** More disks than this start collapsed, except those that need a look. */
const openDisks = 8;
const columns = ['Path', 'IP', 'Owner', 'State on this node', 'In state', 'Epoch', 'Notes'];

const folded = new Map();
let view = views[0];
let words = [];
let last = null;

export function startDisks(onOpen) {
  const filter = byId('filter');
  filter.addEventListener('input', () => {
    words = filter.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
    redraw(onOpen);
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement || byId('panel').open) return;
    event.preventDefault();
    filter.focus();
  });
  byId('fold').addEventListener('click', () => foldAll(onOpen));
  setInterval(() => drawAges(), 1000);
}

export function drawDisks(board, onOpen) {
  last = board;
  redraw(onOpen);
}

function redraw(onOpen) {
  if (last === null) return;
  const { cluster } = last;
  const since = new Map(last.actors.map((actor) => [actor.id, actor.since]));
  drawViews(cluster, onOpen);
  const shown = cluster.disks
    .map((disk) => ({ disk, paths: disk.paths.filter((path) => view.has(path) && matches(path, disk, words)) }))
    .filter(({ paths }) => paths.length > 0);
  byId('nothing').hidden = shown.length > 0;
  const create = (item) => makeDisk(item.disk, onOpen);
  const update = (element, item) => updateDisk(element, item, { cluster, since, onOpen });
  reconcile(byId('disk-list'), shown, ({ disk }) => disk.disk, create, update);
  setText(byId('fold'), shown.some(({ disk }) => isOpen(disk, cluster)) ? 'Collapse all' : 'Expand all');
  drawAges();
}

function drawViews(cluster, onOpen) {
  const paths = cluster.disks.flatMap((disk) => disk.paths);
  const create = (each) => {
    const choose = () => {
      view = each;
      redraw(onOpen);
    };
    return h(
      'button',
      { type: 'button', class: 'chip', 'data-view': each.id, onclick: choose },
      h('b', { class: 'mono' }),
      ` ${each.label}`,
    );
  };
  reconcile(byId('views'), views, (each) => each.id, create, (button, each) => {
    const count = paths.filter((path) => each.has(path)).length;
    setText(button.firstChild, String(count));
    setAttribute(button, 'aria-pressed', each === view);
    setAttribute(button, 'data-empty', count === 0 ? '' : null);
  });
}

function isOpen(disk, cluster) {
  if (words.length > 0 || view !== views[0]) return true;
  return folded.get(disk.disk) ?? (cluster.disks.length <= openDisks || needsLook(disk, cluster));
}

const needsLook = (disk, cluster) => disk.paths.some((path) => notesOf(path, disk, cluster).length > 0);

function foldAll(onOpen) {
  if (last === null) return;
  const open = !last.cluster.disks.some((disk) => isOpen(disk, last.cluster));
  for (const disk of last.cluster.disks) folded.set(disk.disk, open);
  redraw(onOpen);
}

function makeDisk(disk, onOpen) {
  const toggle = () => {
    folded.set(disk.disk, !isOpen(disk, last.cluster));
    redraw(onOpen);
  };
  const bodyId = `disk-${disk.disk}`;
  return h(
    'article',
    { class: 'disk', 'data-disk': disk.disk },
    h(
      'h3',
      {},
      h(
        'button',
        { type: 'button', class: 'disk-head', 'aria-controls': bodyId, onclick: toggle },
        h('span', { class: 'caret', 'aria-hidden': 'true' }),
        h('span', { class: 'disk-name mono' }, disk.disk),
        h('span', { class: 'pill' }),
        h('span', { class: 'disk-count' }),
        h('span', { class: 'disk-iqn mono' }),
      ),
    ),
    h(
      'table',
      { class: 'paths', id: bodyId },
      h('thead', {}, h('tr', {}, ...columns.map((title) => h('th', { scope: 'col' }, title)))),
      h('tbody'),
    ),
  );
}

function updateDisk(element, { disk, paths }, context) {
  const open = isOpen(disk, context.cluster);
  const owned = disk.paths.filter((path) => path.owner !== null).length;
  setAttribute(element.querySelector('.disk-head'), 'aria-expanded', open);
  const pill = element.querySelector('.pill');
  const kind = { started: 'good', degraded: 'bad', stopped: 'idle' }[disk.status] ?? 'busy';
  setAttribute(pill, 'data-kind', kind);
  setText(pill, `${{ good: '●', bad: '▲', idle: '○', busy: '◐' }[kind]} ${disk.status}`);
  setText(element.querySelector('.disk-count'), `${owned} of ${plural(disk.paths.length, 'path')} owned`);
  setText(element.querySelector('.disk-iqn'), disk.iqn);
  const table = element.querySelector('table');
  table.hidden = !open;
  if (!open) return;
  const create = (path) => makeRow(path, context.onOpen);
  reconcile(table.tBodies[0], paths, (path) => path.index, create, (row, path) => updateRow(row, path, disk, context));
}

function makeRow(path, onOpen) {
  const id = pathId(path);
  const open = h(
    'button',
    { type: 'button', class: 'open mono', 'aria-label': `Path ${id}: open` },
    String(path.index),
  );
  const cell = (name, ...children) => h('td', { 'data-cell': name }, ...children);
  const row = h(
    'tr',
    { 'data-path': id, onclick: () => onOpen(id) },
    h('th', { scope: 'row', 'data-cell': 'path' }, open),
    cell('ip'),
    cell('owner'),
    cell(
      'state',
      h(
        'span',
        { class: 'state' },
        h('span', { class: 'glyph', 'aria-hidden': 'true' }),
        h('span', { class: 'state-name mono' }),
      ),
    ),
    cell('since'),
    cell('epoch'),
    cell('notes'),
  );
  return row;
}

function updateRow(row, path, disk, { cluster, since }) {
  const cell = (name) => row.querySelector(`[data-cell="${name}"]`);
  const look = localLook(path);
  setText(cell('ip'), path.ip);
  setText(cell('owner'), path.owner ?? (cluster.replay === null ? '— none' : '— not known here'));
  setAttribute(cell('owner'), 'data-self', path.owner === cluster.node ? '' : null);
  setAttribute(cell('state').firstChild, 'data-kind', look.kind);
  setText(cell('state').querySelector('.glyph'), look.glyph);
  setText(cell('state').querySelector('.state-name'), look.text);
  setText(cell('epoch'), String(path.epoch));
  setAttribute(cell('since'), 'data-since', since.get(pathId(path)) ?? null);
  const create = (note) => h('span', { class: 'badge', 'data-kind': note.kind }, `${note.glyph} ${note.text}`);
  reconcile(cell('notes'), notesOf(path, disk, cluster), (note) => note.text, create, (badge, note) =>
    setAttribute(badge, 'title', note.title ?? null),
  );
}

function drawAges() {
  const now = serverNow();
  for (const cell of document.querySelectorAll('[data-cell="since"]')) {
    const since = cell.dataset.since;
    setText(cell, since === undefined ? '–' : duration(now - Number(since)));
  }
}
