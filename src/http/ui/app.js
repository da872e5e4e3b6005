// The page: one live stream in, everything drawn from it.
import { byId, setText } from './dom.js';
import { drawDisks, startDisks } from './disks.js';
import { clock, learnServerTime } from './format.js';
import { drawLost, drawOverview, drawPulse, startOverview } from './overview.js';
import { actorChanged, closePanel, openPanel, startPanel } from './panel.js';
import { openStream } from './stream.js';
import { loadTicker, startTicker, tick } from './ticker.js';

let linked = null;
let lastSeen = null;

const openActor = (id) => {
  location.hash = `actor=${encodeURIComponent(id)}`;
};

/** The panel follows the address, so that it can be linked to and the back button closes it. */
function followAddress() {
  const id = new URLSearchParams(location.hash.slice(1)).get('actor');
  if (id === null) closePanel();
  else openPanel(id);
}

function onLink(isUp) {
  if (isUp === linked) return;
  linked = isUp;
  const lost = byId('lost');
  lost.hidden = isUp;
  document.body.toggleAttribute('data-stale', !isUp);
  if (isUp) {
    void loadTicker();
    return;
  }
  drawLost();
  const shown = lastSeen === null ? 'nothing to show yet' : `showing the state of ${clock(lastSeen)}`;
  setText(lost, `✕ Connection lost, ${shown}. Trying again…`);
}

startOverview();
startDisks(openActor);
startTicker(openActor);
startPanel(() => history.replaceState(null, '', location.pathname));
addEventListener('hashchange', followAddress);
followAddress();

openStream(
  'v1/stream',
  {
    board: (board) => {
      lastSeen = Date.now();
      learnServerTime(board.at);
      drawPulse({ health: board.health, ...board.cluster });
      drawOverview(board, openActor);
      drawDisks(board, openActor);
      actorChanged(null);
    },
    pulse: (pulse) => {
      lastSeen = Date.now();
      learnServerTime(pulse.at);
      drawPulse(pulse);
    },
    record: (record) => {
      tick(record);
      actorChanged(record.actor);
    },
  },
  onLink,
);
