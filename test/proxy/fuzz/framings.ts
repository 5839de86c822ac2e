import fc from 'fast-check';

/** A request that the outer one carries: whoever ends the outer one earlier than another takes it for the next. */
const INNER = 'GET /_synapse/admin/v1/users HTTP/1.1\r\nhost: own.example\r\nx-case: inner\r\n\r\n';

const OUTER = [
  ['PUT', '/_matrix/client/v3/profile/@me:own.example/displayname'],
  ['PUT', '/_matrix/client/v3/rooms/!r:own.example/send/m.room.message/1'],
  ['POST', '/_matrix/client/v3/rooms/!r:own.example/invite'],
  ['POST', '/_matrix/media/v3/upload'],
  ['GET', '/_matrix/client/v3/sync'],
  ['GET', '/_matrix/client/versions'],
  ['DELETE', '/_matrix/client/v3/devices/A'],
  ['OPTIONS', '/_matrix/client/v3/sync'],
  ['POST', '/_matrix/client/v3/nothing'],
] as const;

const LENGTHS = [
  ...[
    'content-length: 0',
    'content-length: 2',
    'content-length: +2',
    'content-length: 0x2',
    'content-length: -1',
  ],
  ...[
    'content-length: 2, 2',
    'content-length: 2, 5',
    'content-length: 2\r\ncontent-length: 5',
    'content-length: ',
  ],
  ...[
    'content-length : 2',
    'content-length:\x0b2',
    'content-length:\r\n 2',
    'content-length: 2 ',
    'content_length: 2',
  ],
  ...[
    'content-length: 99999999999999999999',
    'content-length: 2\rx: y',
    'content-length: 2\nx: y',
    'Content-length: 02',
  ],
];
const ENCODINGS = [
  ...[
    'chunked',
    'Chunked',
    ' chunked',
    '\tchunked',
    'chunked ',
    'xchunked',
    'identity',
    'gzip, chunked',
    '"chunked"',
  ],
  ...[
    'chunked, identity',
    'identity, chunked',
    'chunked, chunked',
    'chunked\r\ntransfer-encoding: identity',
    '',
  ],
  ...['\r\n chunked', '\x0bchunked', 'chunked;q=1', 'chunked\x00', 'chunke\xeb'],
].map((value) => `transfer-encoding:${value}`);
const ODD = [
  'transfer-encoding : chunked',
  'transfer_encoding: chunked',
  'x: y\ntransfer-encoding: chunked',
  'x',
];

const BODIES = [
  ...[
    '',
    '{}',
    '0\r\n\r\n',
    '2\r\n{}\r\n0\r\n\r\n',
    '2\n{}\n0\n\n',
    '2;x="\r\n{}\r\n0\r\n\r\n',
    '2 \r\n{}\r\n0\r\n\r\n',
  ],
  ...[
    '02\r\n{}\r\n00\r\n\r\n',
    '0x2\r\n{}\r\n0\r\n\r\n',
    '-2\r\n{}\r\n0\r\n\r\n',
    '2\r\n{}0\r\n\r\n',
    '2\r\n{}\r\n0\r\n',
  ],
  ...[
    '0\r\ncontent-length: 5\r\n\r\n',
    '0\r\nx-case: trailer\r\n\r\n',
    'FFFFFFFFFFFFFFFF\r\n{}',
    '2\r\r\n{}\r\n0\r\n\r\n',
  ],
];

/** Requests whose end one reader may see elsewhere than the next, with another behind it. */
export const framed: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(...OUTER),
    fc.subarray([...LENGTHS, ...ENCODINGS, ...ODD], { maxLength: 2 }),
    fc.constantFrom(...BODIES),
    fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1 ', 'HTTP/2.0'),
  )
  .map(
    ([[method, target], framing, body, version]) =>
      `${method} ${target} ${version}\r\nhost: own.example\r\nauthorization: Bearer a\r\nx-case: outer\r\n` +
      `content-type: application/json\r\n${framing.map((each) => `${each}\r\n`).join('')}\r\n${body}${INNER}`,
  );
