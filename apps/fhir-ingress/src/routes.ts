/** The endpoints of this app and the one method that each has: to tell a wrong method from an unknown route. */
const endpoints: readonly (readonly [path: RegExp, method: string])[] = [
  [/^\/notify\/[^/]+$/, 'POST'],
  [/^\/notify\/[^/]+\/[^/]+\/[^/]+$/, 'PUT'],
];

/** The method with which the endpoint at this URL is called, or undefined when there is none. */
export function methodOf(url: string): string | undefined {
  const path = url.replace(/\?.*$/s, '');
  return endpoints.find(([pattern]) => pattern.test(path))?.[1];
}
