// The head of the page: this node, Consul, the other nodes, and what needs a person.
import { byId, h, reconcile, setAttribute, setText } from './dom.js';
import { drawMaintenance } from './maintenance.js';
import { plural, tenths } from './format.js';
import { notesOf, pathId } from './paths.js';

/** When and how old the last contact with Consul was, so that its age can count on between pulses. */
let contact = null;
let lastSaid = '';
let isReplay = false;

export function startOverview() {
  setInterval(drawAge, 250);
}

export function drawPulse({ health, index, ageMs, trouble, replay }) {
  if (replay !== undefined) isReplay = replay !== null;
  const ready = health.live && health.ready;
  const pill = byId('readiness');
  setAttribute(pill, 'data-kind', isReplay ? 'idle' : ready ? 'good' : 'bad');
  const why = [...health.reasons, ...(health.notes ?? [])].join('; ') || 'no reason given';
  setText(pill, isReplay ? '◀ replay' : ready ? '● ready' : `▲ not ready: ${why}`);
  setText(byId('consul-index'), String(index));
  contact = { ageMs, at: performance.now(), trouble };
  drawAge();
  say(ready ? 'This node is ready.' : `This node is not ready: ${why}`);
}

/** What was true is not known to be true any more. */
export function drawLost() {
  contact = null;
  setAttribute(byId('readiness'), 'data-kind', 'bad');
  setText(byId('readiness'), '✕ no connection');
  setText(byId('consul-age'), 'unknown');
  setAttribute(byId('consul-age'), 'data-kind', null);
}

export function drawOverview(board, onOpen) {
  const { cluster, version } = board;
  setText(byId('node-name'), cluster.node);
  setText(byId('version'), version);
  drawReplay(cluster);
  drawMaintenance(cluster);
  drawNodes(cluster);
  const items = attention(cluster, new Map(board.actors.map((actor) => [actor.id, actor.description])));
  drawAttention(items, onOpen);
  document.title = `${items.length > 0 ? `▲${items.length} ` : ''}${cluster.node} · pathwarden`;
}

/** The past of one node, from a journal file: nothing here is true now, and nothing can be changed. */
function drawReplay({ node, replay }) {
  const banner = byId('replay');
  banner.hidden = replay === null;
  document.body.toggleAttribute('data-replay', replay !== null);
  if (replay === null) return;
  const until = new Date(replay.until).toISOString().replace('T', ' ').replace('Z', ' UTC');
  setText(banner, `◀ Replay of ${replay.file}: what ${node} had written up to ${until} (#${replay.lastSeq}). Read only.`);
}

function drawAge() {
  if (contact === null) return;
  const age = byId('consul-age');
  const now = contact.ageMs + performance.now() - contact.at;
  setText(age, contact.trouble === null ? tenths(contact.ageMs) : `▲ ${tenths(now)}`);
  setAttribute(age, 'data-kind', contact.trouble === null ? null : 'bad');
}

/** Said aloud by screen readers, once per change. */
function say(text) {
  if (text === lastSaid) return;
  lastSaid = text;
  setText(byId('status'), text);
}

function drawNodes(cluster) {
  const create = () =>
    h(
      'li',
      { class: 'node' },
      h('span', { class: 'node-name mono' }),
      h('span', { class: 'pill' }),
      h('span', { class: 'node-more' }),
      h('span', { class: 'node-link' }),
    );
  reconcile(byId('nodes'), cluster.nodes, (node) => node.node, create, (element, node) => {
    const [name, pill, more, link] = element.children;
    const look = nodeLook(node);
    setText(name, node.node === cluster.node ? `${node.node} (this node)` : node.node);
    setAttribute(pill, 'data-kind', look.kind);
    const wish = node.draining ?? node.maintenance;
    setAttribute(pill, 'title', wish === null ? null : `${wish.by}: ${wish.reason}`);
    setText(pill, look.text);
    setText(more, plural(node.paths, 'path') + heardText(node, cluster.node));
    drawLink(link, node, cluster.node);
  });
}

/** How long ago that node answered this one directly; nothing where they do not ask each other. */
function heardText({ node, alive, heardMs }, self) {
  if (heardMs === undefined || node === self || !alive) return '';
  if (heardMs === null) return ', not heard';
  return heardMs > 1000 ? `, heard ${tenths(heardMs)}` : ', heard';
}

function nodeLook(node) {
  if (!node.alive && node.leaving) return { kind: 'warn', text: '○ left' };
  if (!node.alive) return { kind: 'bad', text: node.maintenance === null ? '✕ down' : '✕ down, in maintenance' };
  if (node.leaving) return { kind: 'warn', text: '⇥ leaving' };
  if (node.draining !== null) return { kind: 'warn', text: '⇥ draining' };
  if (node.maintenance !== null) return { kind: 'warn', text: '⚒ in maintenance' };
  return { kind: 'good', text: '● alive' };
}

/** The address comes from Consul: only plain web addresses become links. */
function drawLink(place, node, self) {
  const isWeb = /^https?:\/\//.test(node.inspector) && node.node !== self;
  const wanted = isWeb ? node.inspector : '';
  if (place.dataset.to === wanted) return;
  place.dataset.to = wanted;
  place.replaceChildren(...(isWeb ? [h('a', { href: wanted, rel: 'noreferrer' }, 'its inspector')] : []));
}

/** More paths than this with the same trouble become one line. */
const manyPaths = 4;

/** One line per thing that a person may have to do something about. */
function attention(cluster, descriptions) {
  const troubles = new Map();
  for (const disk of cluster.disks) {
    for (const path of disk.paths) {
      for (const note of notesOf(path, disk, cluster).filter((each) => each.kind === 'bad')) {
        troubles.set(note.text, [...(troubles.get(note.text) ?? []), { path, note }]);
      }
    }
  }
  const paths = [...troubles.values()].flatMap((same) =>
    same.length > manyPaths ? [asOne(same)] : same.map((each) => pathLine(each, descriptions)),
  );
  const exclusions = cluster.exclusions
    .filter((each) => each.state !== 'proven')
    .map((each) => ({
      key: `exclusion ${each.session}`,
      actor: null,
      glyph: each.state === 'failed' ? '▲' : '◆',
      text: `${each.node} is not proven out (${each.state}, method ${each.method}): ${each.evidence}`,
    }));
  const alarm = (key, text) => ({ key, actor: null, glyph: '▲', text });
  const problems = cluster.problems.map(({ key, reason }) => alarm(`key ${key}`, `key ${key}: ${reason}`));
  const gone = cluster.nodes.filter(({ alive, leaving }) => !alive && !leaving);
  const down = gone.map(({ node }) => alarm(`node ${node}`, `node ${node} is down`));
  const trouble = cluster.trouble === null ? [] : [alarm('consul', `Consul: ${cluster.trouble}`)];
  return [...trouble, ...down, ...exclusions, ...paths, ...problems];
}

function pathLine({ path, note }, descriptions) {
  const waits = path.waits === null ? '' : ': waits for the end of maintenance';
  const why = note.glyph === '▲' ? `: ${descriptions.get(pathId(path)) ?? ''}` : waits;
  const actor = pathId(path);
  return { key: `${actor} ${note.text}`, actor, glyph: note.glyph, text: `${path.ip} ${note.text}${why}` };
}

function asOne(same) {
  const [{ note }] = same;
  return { key: `many ${note.text}`, actor: null, glyph: note.glyph, text: `${same.length} paths: ${note.text}` };
}

function drawAttention(items, onOpen) {
  byId('attention').toggleAttribute('data-calm', items.length === 0);
  const title = items.length === 0 ? '● Nothing needs attention' : `▲ Needs attention (${items.length})`;
  setText(byId('attention-title'), title);
  byId('attention-list').hidden = items.length === 0;
  const create = (item) => {
    const what =
      item.actor === null
        ? h('span', { class: 'what' })
        : h('button', { type: 'button', class: 'link mono', onclick: () => onOpen(item.actor) }, item.actor);
    return h(
      'li',
      {},
      h('span', { class: 'glyph', 'aria-hidden': 'true' }, item.glyph),
      h('p', {}, what, ' ', h('span', { class: 'said' })),
    );
  };
  const update = (line, item) => setText(line.querySelector('.said'), item.text);
  reconcile(byId('attention-list'), items, (item) => item.key, create, update);
}
