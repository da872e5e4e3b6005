// Where something listens: a path in the file system, or an address and a port.

/** `10.0.0.1:7` or `/run/some.sock`. */
export function endpointOf(text: string): { path: string } | { host: string; port: number } {
  const [, host, port] = /^([\d.]+):(\d+)$/.exec(text) ?? [];
  return host === undefined ? { path: text } : { host, port: Number(port) };
}
