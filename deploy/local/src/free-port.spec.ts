import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePorts } from './free-port';

async function bindsUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const bound = once(socket, 'listening').then(
    () => true,
    () => false,
  );
  socket.bind(port, '127.0.0.1');
  const result = await bound;
  socket.close();
  return result;
}

describe('free ports', () => {
  it('are different, can be bound, and lie below the range of outgoing connections', async () => {
    const ports = [...(await freePorts(20)), ...(await freePorts(20))];
    expect(new Set(ports).size).toBe(40);
    for (const port of ports) {
      expect(port).toBeLessThan(32_768);
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      server.close();
      await once(server, 'close');
    }
  });

  it('are not given to another process as long as the one that asked lives', async () => {
    const [port] = (await freePorts(1)) as [number];
    expect(await bindsUdp(port)).toBe(false);
  });
});
