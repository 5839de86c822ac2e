import type { IncomingMessage } from 'node:http';
import { writeForwardedFor } from './forwarded-for';

/** The headers that a homeserver gets of a request. */
function headersOf(
  headers: IncomingMessage['headers'],
  socket: { encrypted?: boolean; remoteAddress?: string },
): IncomingMessage['headers'] {
  const request = { headers: { ...headers }, socket } as unknown as IncomingMessage;
  writeForwardedFor(request);
  return request.headers;
}

const said = {
  'x-forwarded-for': '10.0.0.1, 192.0.2.1',
  'x-forwarded-proto': 'http',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-port': '80',
  'x-real-ip': '10.0.0.1',
  forwarded: 'for=10.0.0.1;host=evil.example',
};

describe('who a request is said to come from', () => {
  it('is written here where TLS ends here, whatever the caller says', () => {
    const got = headersOf(
      { ...said, host: 'own.example', 'x-more': '1' },
      { encrypted: true, remoteAddress: '::ffff:203.0.113.7' },
    );
    expect(got).toEqual({
      host: 'own.example',
      'x-more': '1',
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'own.example',
    });
  });

  it('stays as a reverse proxy in front has it', () => {
    expect(headersOf(said, { remoteAddress: '192.0.2.9' })).toEqual(said);
  });

  it('is the address that it comes from where nobody says another', () => {
    expect(headersOf({}, { remoteAddress: '2001:db8::7' })).toEqual({ 'x-forwarded-for': '2001:db8::7' });
    expect(headersOf({}, {})).toEqual({});
  });
});
