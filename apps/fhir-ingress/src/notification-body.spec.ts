import { faultOf } from './notification-body';

const named = { resourceType: 'Communication', id: 'c-1' };

describe('faultOf', () => {
  it('finds none in an empty notification that names no resource', () => {
    expect(faultOf(Buffer.alloc(0), undefined)).toBeUndefined();
  });

  it('finds none in any JSON where no resource is named', () => {
    expect(faultOf(Buffer.from('{"resourceType":"Bundle"}'), undefined)).toBeUndefined();
  });

  it('finds none in the resource that the path names', () => {
    expect(
      faultOf(Buffer.from('{"resourceType":"Communication","id":"c-1","sent":7}'), named),
    ).toBeUndefined();
  });

  it.each(['', '{', 'hello', '{"resourceType":"Communication"', '<Communication/>'])(
    'sees that %j is not JSON',
    (text) => {
      expect(faultOf(Buffer.from(text), named)).toBe('not JSON');
    },
  );

  it('sees text in another encoding than UTF-8', () => {
    expect(faultOf(Buffer.from('{"id":"é"}', 'latin1'), undefined)).toBe('not JSON');
  });

  it.each([
    'null',
    '[]',
    '7',
    '"text"',
    '{}',
    '{"resourceType":"Communication"}',
    '{"resourceType":["Communication"],"id":"c-1"}',
  ])('sees that %s is not a resource with an id', (text) => {
    expect(faultOf(Buffer.from(text), named)).toBe('not a resource with an id');
  });

  it.each(['{"resourceType":"Task","id":"c-1"}', '{"resourceType":"Communication","id":"c-2"}'])(
    'sees that %s is not the resource that the path names',
    (text) => {
      expect(faultOf(Buffer.from(text), named)).toBe('not the resource that the path names');
    },
  );

  it('stands deep nesting', () => {
    const deep = `{"resourceType":"Communication","id":"c-1","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(faultOf(Buffer.from(deep), named)).toBeUndefined();
  });
});
