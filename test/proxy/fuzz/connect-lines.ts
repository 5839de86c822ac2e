import fc from 'fast-check';

/** Where the fuzzed lines may lead. */
export interface FuzzedPorts {
  /** Of a homeserver of the list. */
  readonly listed: number;
  /** Of something that is none. */
  readonly trap: number;
}

/** Hosts in forms that two readers may take for two. */
export const hosts = fc.constantFrom(
  ...['localhost', 'LOCALHOST', 'localhost.', 'evil.example'],
  ...['127.0.0.1', '127.1', '0', '0.0.0.0', '2130706433', '0x7f000001'],
  ...['[::1]', '::1', '[::ffff:127.0.0.1]', '[::127.0.0.1]', '[localhost]', '[::1%lo]'],
  ...['[', ']', '', '*', '.', '-'],
  ...['user@localhost', 'user:secret@localhost', '@localhost', 'localhost@evil.example', 'http://localhost'],
  ...[
    'localhost/',
    'localhost?',
    'localhost#',
    'localhost\\',
    '%6cocalhost',
    'localhost%00',
    'localhost\x00',
  ],
  ...['localhost\t', 'localhost\x0b', 'local host', 'local\r\nx: yhost', 'lo\xe7alhost'],
  ...['a'.repeat(254), 'a'.repeat(20_000), `${'a.'.repeat(120)}a`],
);

export const ports = fc.constantFrom<(ports: FuzzedPorts) => string>(
  ({ listed }) => `:${listed}`,
  ({ trap }) => `:${trap}`,
  ({ trap }) => `:0${trap}`,
  ({ trap }) => `:${trap + 65_536}`,
  ({ trap }) => `:0x${trap.toString(16)}`,
  ({ listed, trap }) => `:${listed}:${trap}`,
  ({ listed, trap }) => `:${listed}@localhost:${trap}`,
  ({ listed, trap }) => `:${listed}#:${trap}`,
  ...[':0', ':65536', ':-1', ':99999999999999999999', ':+443', ':', '', ':https'].map((port) => () => port),
);

/** What follows the line of CONNECT. */
export const headerLines = fc.constantFrom(
  ...['', 'host: evil.example\r\n', 'host: localhost\r\nhost: evil.example\r\n', 'content-length: 5\r\n'],
  ...['transfer-encoding: chunked\r\n', 'connection: keep-alive\r\n', 'proxy-connection: keep-alive\r\n'],
  ...['expect: 100-continue\r\n', 'upgrade: h2c\r\nconnection: upgrade\r\n'],
  ...['x\r\n', ' folded: x\r\n', ': x\r\n', `x: ${'y'.repeat(20_000)}\r\n`],
);

export const versions = fc.constantFrom(
  ...['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', 'http/1.1', ''],
);
