import fc from 'fast-check';

/** A request as its bytes are made from it. */
export interface RawRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const SIGNATURE = 'A'.repeat(86);
const JSON_TYPE = ['content-type', 'application/json'] as const;
const TOKEN = ['authorization', 'Bearer token-of-somebody'] as const;

export function xMatrix(origin: string): string {
  return `X-Matrix origin="${origin}",destination="own.example",key="ed25519:k",sig="${SIGNATURE}"`;
}

/** What somebody of a homeserver outside of the federation, or somebody who wants to meet them, would ask for. */
export const UNWANTED: readonly RawRequest[] = [
  client('POST', '/_matrix/client/v3/rooms/!r:own.example/invite', { user_id: '@x:evil.example' }),
  // Synapse looks at the address first, whoever is named beside it.
  client('POST', '/_matrix/client/v3/rooms/!r:own.example/invite', {
    ...{ user_id: '@x:a.example', medium: 'email', address: 'x@evil.example' },
    ...{ id_server: 'evil.example', id_access_token: 'x' },
  }),
  client('PUT', '/_matrix/client/v3/rooms/!r:own.example/invite/1', { user_id: '@x:evil.example' }),
  client('POST', '/_matrix/client/v3/createRoom', { invite: ['@x:evil.example'] }),
  client('PUT', '/_matrix/client/v3/createRoom/1', { invite: ['@x:evil.example'] }),
  client('POST', '/_matrix/client/v3/createRoom', { invite_3pid: [{ medium: 'email', address: 'x@y' }] }),
  client('PUT', '/_matrix/client/v3/rooms/!r:own.example/state/m.room.member/@x:evil.example', {
    membership: 'invite',
  }),
  client('GET', '/_matrix/media/v3/download/evil.example/abc'),
  client('GET', '/_matrix/client/v1/media/download/evil.example/abc/name'),
  client('GET', '/_matrix/client/v1/media/thumbnail/evil.example/abc'),
  client('GET', '/_matrix/client/v3/publicRooms?server=evil.example'),
  client('POST', '/_matrix/client/v3/publicRooms?server=evil.example', {}),
  client('POST', '/_matrix/client/v3/register?kind=guest', {}),
  client('GET', '/_synapse/admin/v1/users/@x:own.example'),
  federation('GET', '/_matrix/federation/v1/version', 'evil.example'),
  federation('GET', '/_matrix/federation/v1/make_join/!r:own.example/@x:evil.example', 'evil.example'),
  federation('PUT', '/_matrix/federation/v1/send/1', 'evil.example', { pdus: [], edus: [] }),
  federation('PUT', '/_matrix/federation/v1/send/1', 'a.example', {
    origin: 'a.example',
    pdus: [{ type: 'm.room.message', sender: '@x:evil.example', content: {} }],
  }),
];

function client(method: string, target: string, content?: object): RawRequest {
  const body = content ? JSON.stringify(content) : '';
  return { method, target, headers: content ? [TOKEN, JSON_TYPE] : [TOKEN], body };
}

function federation(method: string, target: string, origin: string, content?: object): RawRequest {
  const authorization = ['authorization', xMatrix(origin)] as const;
  const body = content ? JSON.stringify(content) : '';
  return { method, target, headers: content ? [authorization, JSON_TYPE] : [authorization], body };
}

/** One change that a reader may not notice. */
type Trick = (request: RawRequest) => RawRequest;

const at = (text: string, place: number): number => Math.round(place * text.length);
const insert = (text: string, place: number, more: string): string =>
  text.slice(0, at(text, place)) + more + text.slice(at(text, place));

const SNIPPETS = [
  ...[
    '/',
    '//',
    '.',
    '..',
    '/.',
    '/./',
    '/../',
    '/x/../',
    '%2e',
    '%2E%2e',
    '%2f',
    '%5c',
    '\\',
    ';',
    ';x=1',
    '?',
  ],
  ...[
    '?x',
    '??',
    '#',
    '%3f',
    '%23',
    '%00',
    '%0a',
    '%0d%0a',
    '%20',
    '%',
    '%zz',
    '%u0063',
    '%c0%af',
    '%e2%80%ae',
  ],
  ...[
    '&',
    '+',
    '*',
    '~',
    '"',
    '|',
    '\x00',
    '\t',
    '\x7f',
    '\xa0',
    '\xff',
    '\xc3\xa9',
    '=',
    ',',
    '@',
    ':',
    '{}',
    '$',
  ],
];
const VERSIONS = ['api/v1', 'r0', 'v1', 'v3', 'v99', 'unstable', 'unstable/org.example.msc1', 'V3', ''];
const QUERIES = [
  ...['?', '?x=1', '?server=a.example', '?server=a.example&server=evil.example', '?x=1;server=evil.example'],
  ...['?;server=evil.example', '?%73erver=evil.example', '?server=ev%69l.example', '?server[]=evil.example'],
  ...['?SERVER=evil.example', '?x=%26server=evil.example', '?+server=evil.example', '?server+=evil.example'],
  ...['?kind=user&kind=guest', '?x;kind=guest', '?%6bind=guest', '?access_token=other', '?server=%'],
];
const METHODS = ['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'post', 'Put', 'QUERY'];
const HEADERS: readonly (readonly [string, string])[] = [
  ['x-http-method-override', 'POST'],
  ['x-original-url', '/_matrix/client/versions'],
  ['x-rewrite-url', '/_synapse/admin/v1/users'],
  ['x-forwarded-host', 'evil.example'],
  ['x-forwarded-prefix', '/_synapse/admin'],
  ['connection', 'authorization, content-type'],
  ['connection', 'x-case'],
  ['connection', 'upgrade'],
  ['upgrade', 'websocket'],
  ['upgrade', 'h2c'],
  ['http2-settings', 'AAMAAABkAAQAAP__'],
  ['expect', '100-continue'],
  ['te', 'trailers'],
  ['range', 'bytes=0-1'],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'identity'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['content-type', 'multipart/form-data; boundary=x'],
  ['content-type', 'application/json; charset=utf-16le'],
  ['content-type', 'text/plain'],
  ['content-type', ';;;'],
  ['authorization', xMatrix('a.example')],
  ['authorization', xMatrix('evil.example')],
  ['Authorization', 'Bearer other'],
  ['authorization', `${xMatrix('a.example')}, ${xMatrix('evil.example')}`],
  ['authorization', `X-Matrix origin=evil.example,origin="a.example",key="ed25519:k",sig="${SIGNATURE}"`],
  ['host', 'evil.example'],
];
const FORM = { a: '&server=evil.example&kind=guest&access_token=other&b=' };
/** The same to one reader, and another to the next. */
const BODIES: readonly ((body: string) => string)[] = [
  (body) => `\xef\xbb\xbf${body}`,
  (body) => ` \r\n\t${body}\n`,
  (body) => `${body}${body}`,
  (body) => `${body}\x00`,
  (body) => `[${body}]`,
  (body) => body.replace('{', '{"user_id":"@y:a.example","invite":[],"membership":"leave","pdus":[],'),
  (body) => body.replace(/\}$/, ',"user_id":"@y:a.example","invite":[],"membership":"leave","pdus":[]}'),
  (body) => body.replace('user_id', 'user\\u005fid').replace('invite"', 'invit\\u0065"'),
  (body) => body.replace('evil.example', 'evil\\u002eexample'),
  (body) => body.replace('evil.example', 'EVIL.example'),
  (body) => body.replace('@x:', '@x\\u0000:'),
  (body) => body.replace('@x:', '@x:a.example:'),
  (body) => body.replace('{', '{"__proto__":{"membership":"leave","user_id":"@y:a.example"},'),
  (body) => body.replace('{', '{"constructor":{"prototype":{"listed":true}},'),
  (body) => body.replace('{', `{"deep":${'['.repeat(2_000)}${']'.repeat(2_000)},`),
  (body) => body.replace('{', '{"n":1e999,"m":-0,"o":12345678901234567890,'),
  (body) => body.replace('{', '{"bad":"\xff\xfe",'),
  (body) => body.replace('{', '{"bad":"\\ud800",'),
  (body) => Buffer.from(body, 'utf16le').toString('latin1'),
  () => JSON.stringify(FORM),
  () => 'server=evil.example&kind=guest',
  () => '',
];

const share = fc.double({ min: 0, max: 1, noNaN: true });
const changed = (part: 'target' | 'method' | 'body', change: (text: string) => string): Trick => {
  return (request) => ({ ...request, [part]: change(request[part]) });
};

const trick: fc.Arbitrary<Trick> = fc.oneof(
  fc
    .tuple(fc.constantFrom(...SNIPPETS), share)
    .map(([snippet, place]) => changed('target', (text) => insert(text, place, snippet))),
  fc.constantFrom(...SNIPPETS).map((snippet) => changed('target', (text) => text + snippet)),
  fc.constantFrom(...SNIPPETS).map((snippet) => changed('target', (text) => snippet + text)),
  share.map((place) =>
    changed('target', (text) => {
      const index = Math.min(at(text, place), text.length - 1);
      return `${text.slice(0, index)}%${text.charCodeAt(index).toString(16)}${text.slice(index + 1)}`;
    }),
  ),
  share.map((place) =>
    changed('target', (text) => text.slice(0, at(text, place)) + text.slice(at(text, place) + 1)),
  ),
  fc
    .constantFrom(...VERSIONS)
    .map((version) => changed('target', (text) => text.replace(/\/(v\d|r0)\//, `/${version}/`))),
  fc.constantFrom(...QUERIES).map((query) => changed('target', (text) => text.replace(/\?.*/, '') + query)),
  fc
    .constantFrom('http://own.example', 'http://evil.example', 'https:', '//own.example', '*')
    .map((prefix) => changed('target', (text) => prefix + text)),
  fc.constantFrom(...METHODS).map((method) => changed('method', () => method)),
  fc.constantFrom(...HEADERS).map((header): Trick => (request) => ({
    ...request,
    headers: [...request.headers, header],
  })),
  fc.constantFrom(...HEADERS).map((header): Trick => (request) => ({
    ...request,
    headers: [header, ...request.headers.filter(([name]) => name !== header[0])],
  })),
  fc.constantFrom(...BODIES).map((change) => changed('body', change)),
);

/** Something unwanted, with up to three tricks. */
export const unwantedWithTricks: fc.Arbitrary<RawRequest> = fc
  .tuple(fc.constantFrom(...UNWANTED), fc.array(trick, { maxLength: 3 }))
  .map(([request, tricks]) => tricks.reduce((made, each) => each(made), request));

/** The bytes of a request, one to a character. @param more further headers */
export function bytesOf(
  { method, target, headers, body }: RawRequest,
  more: readonly (readonly [string, string])[] = [],
): string {
  const length = body === '' ? [] : [['content-length', String(body.length)] as const];
  const own = headers.some(([name]) => name === 'host') ? [] : [['host', 'own.example'] as const];
  const lines = [...own, ...headers, ...length, ...more].map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
