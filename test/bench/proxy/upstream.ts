import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import { FILE_BYTES } from './file-bytes';

// What stands behind the proxies, as a process of its own: it answers as a homeserver does, and does nothing for it. Its
// port is its argument.
const [, , port = ''] = process.argv;

const CHUNK = Buffer.alloc(64 * 1024, 7);
/** About what a sync says when one message was said. */
const NEWS = JSON.stringify({
  next_batch: 's1_2_3',
  rooms: { join: { '!r:care.example': 'x'.repeat(900) } },
});
let waiting = 0;

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://own');
  if (pathname.endsWith('/sync')) return poll(response, Number(searchParams.get('timeout') ?? 0));
  if (pathname.includes('/media/download/')) return giveFile(response);
  if (pathname === '/waiting') return answer(response, { waiting });
  if (pathname.endsWith('/whoami')) return answer(response, { user_id: '@somebody:care.example' });
  read(request, () => answer(response, { event_id: '$event', content_uri: 'mxc://care.example/file' }));
});
server.requestTimeout = 0;
server.listen(Number(port), '127.0.0.1', 8_192);

/** @param delayMs 0: at once, as when there is something new */
function poll(response: ServerResponse, delayMs: number): void {
  if (delayMs === 0) return send(response, NEWS);
  waiting += 1;
  const timer = setTimeout(() => send(response, NEWS), delayMs);
  response.once('close', () => {
    waiting -= 1;
    clearTimeout(timer);
  });
}

function giveFile(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': FILE_BYTES });
  let left = FILE_BYTES;
  const more = (): void => {
    while (left > 0) {
      const chunk = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

function read(request: IncomingMessage, then: () => void): void {
  request.resume();
  request.once('end', then);
}

function answer(response: ServerResponse, content: object): void {
  send(response, JSON.stringify(content));
}

function send(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
