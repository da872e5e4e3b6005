// The npm package waits for the end of an answer's body. A connection cut inside the body has no end, so without this
// the request would hang until its deadline.
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';

interface Transport {
  request(options: RequestOptions): ClientRequest;
}

interface Extensible {
  _ext(name: 'onRequest', extension: (request: { transport: Transport }, next: () => void) => void): void;
}

export function failOnCutAnswers(client: unknown): void {
  (client as Extensible)._ext('onRequest', (request, next) => {
    const { transport } = request;
    request.transport = { request: (options) => watched(transport.request(options)) };
    next();
  });
}

function watched(outgoing: ClientRequest): ClientRequest {
  outgoing.once('response', (incoming: IncomingMessage) => {
    incoming.once('close', () => {
      if (!incoming.complete) outgoing.emit('error', Object.assign(new Error('the answer was cut'), { code: 'ECUT' }));
    });
  });
  return outgoing;
}
