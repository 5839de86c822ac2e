import { formatXMatrix, parseXMatrix } from './x-matrix';

const sig = 'A'.repeat(86);
const full = `X-Matrix origin="a.example",destination="b.example:8448",key="ed25519:k1",sig="${sig}"`;

describe('parseXMatrix', () => {
  it('reads the header as homeservers write it', () => {
    expect(parseXMatrix(full)).toEqual({
      origin: 'a.example',
      destination: 'b.example:8448',
      key: 'ed25519:k1',
      signature: sig,
    });
  });

  it.each([
    ['without quotes, as before Matrix 1.3', `X-Matrix origin=a.example,key=ed25519:k1,sig=${sig}`],
    ['with spaces and names in capitals', `x-matrix Origin="a.example" , KEY="ed25519:k1" , Sig="${sig}"`],
    ['with a parameter of tomorrow', `X-Matrix origin="a.example",key="ed25519:k1",sig="${sig}",more="1"`],
  ])('reads one %s', (_how, header) => {
    expect(parseXMatrix(header)?.origin).toBe('a.example');
  });

  it.each([
    ['none', undefined],
    ['of another scheme', `Bearer ${sig}`],
    ['without an origin', `X-Matrix key="ed25519:k1",sig="${sig}"`],
    ['with two origins', `X-Matrix origin="a.example",origin="b.example",key="ed25519:k1",sig="${sig}"`],
    ['with an origin that is no server name', `X-Matrix origin="a example",key="ed25519:k1",sig="${sig}"`],
    ['with a comma in a value', `X-Matrix origin="a,origin=b",key="ed25519:k1",sig="${sig}"`],
    ['with a quote that does not end', `X-Matrix origin="a.example,key="ed25519:k1",sig="${sig}`],
    ['with a key of another kind', `X-Matrix origin="a.example",key="rsa:k1",sig="${sig}"`],
    ['with a signature that is none', 'X-Matrix origin="a.example",key="ed25519:k1",sig="short"'],
    ['with something between', `X-Matrix origin="a.example" evil key="ed25519:k1",sig="${sig}"`],
  ])('takes no header %s', (_what, header) => {
    expect(parseXMatrix(header)).toBeUndefined();
  });
});

it('writes what it reads in one form', () => {
  const read = parseXMatrix(
    `x-matrix sig=${sig}, key=ed25519:k1 ,destination=b.example:8448, origin=a.example`,
  );
  expect(formatXMatrix(read!)).toBe(full);
});
