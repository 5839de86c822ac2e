import { once } from 'node:events';
import { type Server, connect, createServer } from 'node:net';

/** Where connections go. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

/**
 * Takes connections of the host, and hands each to one of several destinations in turn: what a container engine does for
 * published ports, and Kubernetes for Services.
 * @param destinations asked for each connection; none: it is refused
 */
export async function forward(
  from: Destination,
  destinations: () => readonly Destination[],
): Promise<{ close: () => void }> {
  let turn = 0;
  const server: Server = createServer({ allowHalfOpen: true }, (incoming) => {
    const all = destinations();
    const to = all[turn++ % Math.max(all.length, 1)];
    if (!to) return void incoming.resetAndDestroy();
    const outgoing = connect({ host: to.address, port: to.port, allowHalfOpen: true });
    incoming.pipe(outgoing).pipe(incoming);
    // Not at once: what is on its way to the other side has to get there, such as a refusal before the end of a body.
    incoming.on('error', () => outgoing.destroySoon()).on('close', () => outgoing.destroySoon());
    outgoing.on('error', () => incoming.destroySoon()).on('close', () => incoming.destroySoon());
  });
  server.listen(from.port, from.address);
  await once(server, 'listening');
  return { close: () => void server.close() };
}
