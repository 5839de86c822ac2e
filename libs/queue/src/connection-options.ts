import type { ConnectionOptions } from 'nats';
import { QueueSetupError } from './errors';
import type { QueueConfig } from './queue-config';

/**
 * How to connect. The client library ignores credentials in its URLs, so they are taken out here: `user:password@host`
 * or, for a token, `token@host`. Every URL of a list belongs to one cluster: the first one's credentials hold for all.
 * @throws QueueSetupError for a text that is no URL
 */
export function connectionOptions({ url, app }: Pick<QueueConfig, 'url' | 'app'>): ConnectionOptions {
  const urls = url.split(',').map(parse);
  const [first] = urls;
  return {
    servers: urls.map(({ host }) => host),
    ...credentials(first),
    ...(first?.protocol === 'tls:' && { tls: {} }),
    name: app,
    // For ever: a worker that gave up would look alive and do nothing.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
    ignoreAuthErrorAbort: true,
    // A server that froze without closing its socket is noticed after two unanswered pings, in 5 to 10 s.
    pingInterval: 5_000,
    maxPingOut: 2,
    // A stack trace per request costs more than the request.
    noAsyncTraces: true,
  };
}

/** The servers without credentials, for logs and errors. */
export function serverNames(url: string): string {
  return url
    .split(',')
    .map((one) => parse(one).host)
    .join(', ');
}

function credentials(url: URL | undefined): Pick<ConnectionOptions, 'user' | 'pass' | 'token'> {
  if (!url?.username) return {};
  const user = decodeURIComponent(url.username);
  return url.password ? { user, pass: decodeURIComponent(url.password) } : { token: user };
}

function parse(text: string): URL {
  try {
    return new URL(text.trim());
  } catch {
    throw new QueueSetupError('NATS_URL is not a URL.', 'Write it as nats://host:4222.');
  }
}
