/** The endpoints of this app and the one method that each has: to tell a wrong method from an unknown route. */
const endpoints: readonly (readonly [path: RegExp, method: string])[] = [
  [/^\/_matrix\/app\/v1\/transactions\/[^/]+$/, 'PUT'],
  [/^\/_matrix\/app\/v1\/users\/.+$/, 'GET'],
  [/^\/_matrix\/app\/v1\/rooms\/.+$/, 'GET'],
  [/^\/_matrix\/app\/v1\/ping$/, 'POST'],
];

/** The method with which the endpoint at this URL is called, or undefined when there is none. */
export function methodOf(url: string): string | undefined {
  const path = url.replace(/\?.*$/s, '');
  return endpoints.find(([pattern]) => pattern.test(path))?.[1];
}
