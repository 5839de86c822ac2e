import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

// Below the range from which Linux (32768 to 60999) and macOS (49152 and up) take the local port of outgoing
// connections. A port inside it can be lent to such a connection while its server is being restarted, and the
// server then fails to bind.
const LOWEST = 20_000;
const HIGHEST = 32_767;
const MAX_TRIES_PER_PORT = 100;

/**
 * Finds `count` different TCP ports of 127.0.0.1 on which nothing listens now, and that no process that asks here has
 * been given while it lives: a server takes seconds from its choice of a port to its listening on it. Others may take
 * one: a server that finds its port taken fails to start and says so.
 *
 * @throws Error when no free port is found.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries >= count * MAX_TRIES_PER_PORT) {
      throw new Error(`No ${count} free ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
    }
    const port = randomInt(LOWEST, HIGHEST + 1);
    // In this order: looking whether a port is free takes it for a moment.
    if ((await reserve(port)) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

/**
 * Marks a port as taken for as long as this process lives, by holding the UDP port of the same number, which nothing
 * else here uses: the system lets go of it however the process ends.
 */
async function reserve(port: number): Promise<boolean> {
  const mark = createSocket('udp4').unref();
  const listening = once(mark, 'listening');
  mark.bind(port, '127.0.0.1');
  return isBound(listening);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, 'listening');
  server.listen(port, '127.0.0.1');
  if (!(await isBound(listening))) return false;
  server.close();
  await once(server, 'close');
  return true;
}

/** Whether a socket got the address that it asked for. */
async function isBound(listening: Promise<unknown>): Promise<boolean> {
  try {
    await listening;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
}
