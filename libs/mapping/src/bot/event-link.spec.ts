import { readEventLink } from './event-link';

describe('an event, as people name it', () => {
  it('is an id, or a link as clients copy it', () => {
    expect(readEventLink('$abc')).toEqual({ eventId: '$abc' });
    const both = { roomId: '!r:vvt.example', eventId: '$abc' };
    expect(readEventLink('https://matrix.to/#/!r:vvt.example/$abc?via=vvt.example')).toEqual(both);
    expect(readEventLink('https://matrix.to/#/%21r%3Avvt.example/%24abc')).toEqual(both);
    expect(readEventLink('matrix:roomid/r:vvt.example/e/abc?via=vvt.example')).toEqual(both);
  });

  it('can be in a room that is named by an alias, which says nothing', () => {
    expect(readEventLink('https://matrix.to/#/%23room:vvt.example/$abc')).toEqual({ eventId: '$abc' });
    expect(readEventLink('matrix:r/room:vvt.example/e/abc')).toEqual({ eventId: '$abc' });
  });

  it('is nothing else', () => {
    const others = [
      'abc',
      'https://matrix.to/#/!r:vvt.example',
      'https://example.org/#/!r:x/$abc',
      'matrix:roomid/r:vvt.example',
      'matrix:roomid/r:vvt.example/x/abc',
      'https://matrix.to/#/%ZZ/%24',
    ];
    for (const text of others) expect(readEventLink(text)).toBeUndefined();
  });
});
