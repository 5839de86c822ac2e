import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range from which Linux (32768 to 60999) and macOS (49152 and up) take the local port of outgoing
// connections. A port inside it can be lent to such a connection while its server is being restarted, and the
// server then fails to bind.
const LOWEST = 20_000;
const HIGHEST = 32_767;
const MAX_TRIES_PER_PORT = 100;

// Of this process: two callers that both find a port free before either binds it must not get the same one.
const handedOut = new Set<number>();

/**
 * Finds `count` different TCP ports of 127.0.0.1 on which nothing listens now. They are not held: a server that finds
 * its port taken afterwards fails to start and says so.
 *
 * @throws Error when no free port is found.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries += 1) {
    if (tries >= count * MAX_TRIES_PER_PORT) {
      throw new Error(`No ${count} free ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
    }
    const port = randomInt(LOWEST, HIGHEST + 1);
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
