// The live stream of the page. It pulses every second, so silence means that the connection is gone.

const silenceMs = 4000;
const retryMs = 1500;

/** `handlers` by event name get the parsed data; `onLink` is told true or false when the link comes or goes. */
export function openStream(url, handlers, onLink) {
  let source = null;
  let lastHeard = 0;
  let retry = null;

  const heard = (handle) => (message) => {
    lastHeard = performance.now();
    onLink(true);
    handle(JSON.parse(message.data));
  };

  const connect = () => {
    retry = null;
    lastHeard = performance.now();
    source = new EventSource(url);
    for (const [name, handle] of Object.entries(handlers)) source.addEventListener(name, heard(handle));
    source.onerror = again;
  };

  const again = () => {
    onLink(false);
    source?.close();
    retry ??= setTimeout(connect, retryMs);
  };

  connect();
  setInterval(() => {
    if (retry === null && performance.now() - lastHeard > silenceMs) again();
  }, 1000);
}
