import { withoutLegacy } from './routes';

describe('withoutLegacy', () => {
  it.each([
    ['/transactions/1?access_token=x', '/_matrix/app/v1/transactions/1?access_token=x'],
    ['/users/%40a%3Ab', '/_matrix/app/v1/users/%40a%3Ab'],
    ['/rooms/%23a%3Ab', '/_matrix/app/v1/rooms/%23a%3Ab'],
    ['/_matrix/app/unstable/thirdparty/user/fhir?a=b', '/_matrix/app/v1/thirdparty/user/fhir?a=b'],
  ])('finds for %s the endpoint %s', (url, expected) => {
    expect(withoutLegacy(url)).toBe(expected);
  });

  it.each([
    '/_matrix/app/v1/transactions/1',
    '/ready',
    '/metrics',
    '/transactions',
    '/x/transactions/1',
    '*',
  ])('leaves %s as it is', (url) => {
    expect(withoutLegacy(url)).toBe(url);
  });
});
