import { methodsOf, withoutTrailingSlash } from './routes';

describe('methodsOf', () => {
  it.each([
    ['/notify/ehr', 'POST'],
    ['/notify/ehr?x=/y', 'POST'],
    ['/notify/ehr/Task', 'POST'],
    ['/notify/ehr/Task/1', 'PUT, DELETE'],
    ['/notify/ehr/Task/1?x=y', 'PUT, DELETE'],
    ['/notify', undefined],
    ['/notify/', undefined],
    ['/notify/ehr/Task/1/_history/2', undefined],
    ['/x/notify/ehr', undefined],
  ])('of %s are %s', (url, methods) => {
    expect(methodsOf(url)).toBe(methods);
  });
});

describe('withoutTrailingSlash', () => {
  it.each([
    ['/notify/ehr/', '/notify/ehr'],
    ['/notify/ehr/?a=b/?c', '/notify/ehr?a=b/?c'],
    ['/notify/ehr', '/notify/ehr'],
    ['/notify/ehr?a=b/', '/notify/ehr?a=b/'],
    ['/notify/ehr//', '/notify/ehr/'],
    ['/', '/'],
    ['', ''],
  ])('of %s is %s', (url, without) => {
    expect(withoutTrailingSlash(url)).toBe(without);
  });
});
