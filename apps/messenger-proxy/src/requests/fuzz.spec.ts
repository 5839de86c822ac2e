import fc from 'fast-check';
import { formatXMatrix, parseXMatrix } from './x-matrix';
import { readTarget } from './raw-path';
import { clientRoutes, guardedClientRoutes, withoutVersion } from '../routes/client-routes';
import { RouteTable, isMatch } from '../routes/route-table';

/** What somebody would try who wants to be read in two ways. */
const trick = fc.constantFrom(
  '%2e',
  '%2E%2e',
  '..',
  '.',
  '//',
  '%2f',
  '\\',
  '%5c',
  ';',
  '?',
  '#',
  '%00',
  '%',
  '%zz',
  ' ',
  '%c0%af',
  'é',
);
const part = fc.oneof(
  trick,
  fc.constantFrom('_matrix', 'client', 'v3', 'createRoom', 'rooms', '!r:b', 'invite', '_synapse', 'admin'),
  fc.string(),
);
const target = fc.array(part, { maxLength: 10 }).map((parts) => `/${parts.join('/')}`);

describe('whatever is sent as an address', () => {
  it('is refused, or read the same by WHATWG’s rules for URLs', () => {
    fc.assert(
      fc.property(target, (text) => {
        const read = readTarget(text);
        if (!read) return;
        expect(new URL(text, 'http://own.example').pathname).toBe(read.path);
      }),
      { numRuns: 20_000 },
    );
  });

  it('finds a route only where each fixed part is the same byte for byte', () => {
    const table = new RouteTable([
      ...clientRoutes(),
      ...guardedClientRoutes().filter(({ path }) => path.endsWith('createRoom/{txnId}')),
    ]);
    fc.assert(
      fc.property(target, (text) => {
        const path = withoutVersion(text);
        const found = table.find('PUT', path);
        if (!isMatch(found)) return;
        const expected = found.route.path.split('/');
        const parts = path.split('/');
        expect(parts).toHaveLength(expected.length);
        expected.forEach((each, index) => {
          if (!each.startsWith('{')) expect(parts[index]).toBe(each);
        });
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('whatever is sent as an X-Matrix header', () => {
  const text = fc.array(
    fc.oneof(
      fc.constantFrom(
        'origin',
        'destination',
        'key',
        'sig',
        '=',
        ',',
        '"',
        '\\',
        ' ',
        'a.example',
        'ed25519:k',
        'A'.repeat(86),
        'X-Matrix ',
      ),
      fc.string(),
    ),
    { maxLength: 20 },
  );

  it('is refused, or read the same when it is written again', () => {
    fc.assert(
      fc.property(text, (parts) => {
        const read = parseXMatrix(`X-Matrix ${parts.join('')}`);
        if (read) expect(parseXMatrix(formatXMatrix(read))).toEqual(read);
      }),
      { numRuns: 20_000 },
    );
  });
});
