import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePorts } from './free-port';

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
});
