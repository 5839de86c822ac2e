/** The endpoints of this app and the one method that each has: to tell a wrong method from an unknown route. */
const endpoints: readonly (readonly [path: RegExp, method: string])[] = [
  [/^\/_matrix\/app\/v1\/transactions\/.+$/, 'PUT'],
  [/^\/_matrix\/app\/v1\/users\/.+$/, 'GET'],
  [/^\/_matrix\/app\/v1\/rooms\/.+$/, 'GET'],
  [/^\/_matrix\/app\/v1\/thirdparty\/(user|location)(\/[^/]+)?$/, 'GET'],
  [/^\/_matrix\/app\/v1\/thirdparty\/protocol\/[^/]+$/, 'GET'],
  [/^\/_matrix\/app\/v1\/ping$/, 'POST'],
];

/** The method with which the endpoint at this URL is called, or undefined when there is none. */
export function methodOf(url: string): string | undefined {
  const path = url.replace(/\?.*$/s, '');
  return endpoints.find(([pattern]) => pattern.test(path))?.[1];
}

/** Application Service API, "Legacy routes". */
const legacy: readonly (readonly [path: RegExp, prefix: string])[] = [
  [/^\/(transactions|users|rooms)\//, '/_matrix/app/v1/$1/'],
  [/^\/_matrix\/app\/unstable\/thirdparty\//, '/_matrix/app/v1/thirdparty/'],
];

/** The URL of today's endpoint for one from before Matrix 1.4; any other URL as it is. */
export function withoutLegacy(url: string): string {
  const [pattern, prefix] = legacy.find(([path]) => path.test(url)) ?? [];
  return pattern && prefix ? url.replace(pattern, prefix) : url;
}
