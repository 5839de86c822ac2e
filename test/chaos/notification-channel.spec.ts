import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freePorts } from '../../deploy/local/src/free-port';
import { NotificationChannel } from './notification-channel';

describe('the channel of notifications', () => {
  let ingress: Server;
  let channel: NotificationChannel;
  let url: string;
  let arrived: string[];

  beforeEach(async () => {
    arrived = [];
    ingress = createServer((request, response) => {
      arrived.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      response.writeHead(request.headers.authorization ? 204 : 401).end();
    });
    ingress.listen(0, '127.0.0.1');
    await once(ingress, 'listening');
    const [port] = (await freePorts(1)) as [number];
    url = `http://127.0.0.1:${port}/notify/ehr`;
    const target = `http://127.0.0.1:${(ingress.address() as AddressInfo).port}`;
    channel = await NotificationChannel.start(port, target);
  });

  afterEach(async () => {
    await channel.stop();
    ingress.closeAllConnections();
    ingress.close();
  });

  const notify = async (authorization?: string): Promise<number> => {
    const headers: Record<string, string> = authorization ? { authorization } : {};
    return (await fetch(url, { method: 'POST', headers })).status;
  };
  const told = 'POST /notify/ehr Bearer secret';

  it('passes on the notification, and the answer to it', async () => {
    expect(await notify('Bearer secret')).toBe(204);
    expect(await notify()).toBe(401);
    expect(arrived).toEqual([told, 'POST /notify/ehr undefined']);
  });

  it('loses it, and tells the server nothing of that', async () => {
    channel.fate = 'lost';
    expect(await notify('Bearer secret')).toBe(204);
    expect(arrived).toEqual([]);
    expect(channel.seen).toEqual({ delivered: 0, lost: 1, doubled: 0 });
  });

  it('has it arrive twice', async () => {
    channel.fate = 'doubled';
    expect(await notify('Bearer secret')).toBe(204);
    expect(arrived).toEqual([told, told]);
  });

  it('breaks off when fhir-ingress is away, so that the server repeats it', async () => {
    ingress.closeAllConnections();
    ingress.close();
    await once(ingress, 'close');
    await expect(notify('Bearer secret')).rejects.toThrow('fetch failed');
  });
});
