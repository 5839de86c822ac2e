import { readTarget } from './raw-path';

describe('readTarget', () => {
  it.each([
    ['/_matrix/client/versions', '/_matrix/client/versions', ''],
    ['/_matrix/client/versions?x=1', '/_matrix/client/versions', '?x=1'],
    ['/a/%21room%3Ab.example/%40c%3Ad', '/a/%21room%3Ab.example/%40c%3Ad', ''],
    ['/a/!room:b.example/%F0%9F%98%80', '/a/!room:b.example/%F0%9F%98%80', ''],
    ['/a/x%2Fy?z=%2e%2e', '/a/x%2Fy', '?z=%2e%2e'],
    ['/', '/', ''],
  ])('takes %s apart', (target, path, query) => {
    expect(readTarget(target)).toEqual({ path, query });
  });

  it.each([
    'http://other.example/_matrix/client/versions',
    '*',
    '',
    '//_matrix/client/versions',
    '/_matrix//client',
    '/_matrix/client/../federation',
    '/_matrix/client/./versions',
    '/_matrix/client/..',
    '/_matrix/client/%2e%2e/federation',
    '/_matrix/client/%2E./federation',
    '/_matrix/client/create%52oom',
    '/_matrix/client/v%33/createRoom',
    '/_matrix\\client',
    '/_matrix/client/a%00b',
    '/_matrix/client/a%zz',
    '/_matrix/client/a%2',
    '/_matrix/media/v3/download/x.example/abc%c0%af',
    '/_matrix/client/a b',
    '/_matrix/client/ä',
    '/_matrix/client/versions#x',
    '/a?b=\tc',
  ])('takes no %j, which has more than one reading', (target) => {
    expect(readTarget(target)).toBeUndefined();
  });
});
