// The banner: who began maintenance, why, since when, what waits for its end, and how it ends.
import { byId, h, reconcile, setText } from './dom.js';
import { dayAndClock, plural } from './format.js';

export function drawMaintenance(cluster) {
  const ofNodes = cluster.nodes.map(({ node, maintenance }) => ({ of: node, maintenance }));
  const all = [{ of: null, maintenance: cluster.maintenance }, ...ofNodes].filter((each) => each.maintenance !== null);
  const banner = byId('maintenance');
  banner.hidden = all.length === 0;
  const waiting = cluster.disks.flatMap((disk) => disk.paths).filter((path) => path.waits !== null);
  const create = () => h('li', {}, h('span', { 'aria-hidden': 'true' }, '⚒'), h('p', {}, h('b'), h('span'), h('code')));
  reconcile(banner, all, (each) => each.of ?? '', create, (line, each) => {
    const [title, said, command] = line.lastChild.children;
    setText(title, titleOf(each));
    const paths = waiting.filter((path) => each.of === null || path.pendingExclusion?.node === each.of);
    const count = paths.length === 0 ? '' : ` ${plural(paths.length, 'path waits', 'paths wait')}.`;
    setText(said, ` ${meaningOf(each.of)}${count} End it with `);
    setText(command, `pathwarden maintenance off${each.of === null ? '' : ` --node ${each.of}`}`);
  });
}

function titleOf({ of, maintenance: { by, reason, since, until } }) {
  const what = of === null ? 'The cluster' : `Node ${of}`;
  const end = until === null ? '' : `, until about ${dayAndClock(until)}`;
  return `${what} is in maintenance by ${by} since ${dayAndClock(since)}${end}: ${reason}.`;
}

/** Said plainly: what does not happen meanwhile. */
function meaningOf(of) {
  const taken = 'no path is taken whose last owner is not proven unable to write';
  if (of === null) return `No node is fenced, and ${taken}.`;
  return `It takes no path and serves on; if it is lost, it is not fenced, and nobody takes its paths without proof.`;
}
