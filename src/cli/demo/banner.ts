// Asks a portal of the demo who serves it: the daemon that has it says its node and target in one line.
import { connect, type Socket } from 'node:net';

export type Banner =
  /** The connection is left open; whoever asked closes it. */
  | { readonly kind: 'answered'; readonly node: string; readonly iqn: string; readonly socket: Socket }
  /** Nobody listens, or whoever did has gone. */
  | { readonly kind: 'closed' }
  /** Somebody listens and says nothing, or nothing that a daemon would say. */
  | { readonly kind: 'unclear'; readonly text: string };

interface Options {
  readonly keepOpen?: boolean;
}

export function bannerOf(
  portal: { readonly ip: string; readonly port: number },
  deadlineMs: number,
  { keepOpen = false }: Options = {},
): Promise<Banner> {
  const { promise, resolve } = Promise.withResolvers<Banner>();
  const socket = connect({ host: portal.ip, port: portal.port });
  let text = '';
  const end = (banner: Banner): void => {
    clearTimeout(timer);
    if (banner.kind !== 'answered' || !keepOpen) socket.destroy();
    resolve(banner);
  };
  const timer = setTimeout(() => end({ kind: 'unclear', text }), deadlineMs);
  socket.on('data', (chunk) => {
    text += chunk.toString('utf8');
    if (text.includes('\n')) end(understood(text, socket));
  });
  // Stays for as long as the socket does: a reset later on is no error either.
  socket.on('error', () => end({ kind: 'closed' }));
  socket.once('close', () => end({ kind: 'closed' }));
  return promise;
}

function understood(text: string, socket: Socket): Banner {
  const [, node, iqn] = /^pathwarden (\S+) (\S+)\n/.exec(text) ?? [];
  return node === undefined || iqn === undefined ? { kind: 'unclear', text } : { kind: 'answered', node, iqn, socket };
}
