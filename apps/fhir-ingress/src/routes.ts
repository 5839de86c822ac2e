/** The endpoints of this app and the methods that each has: to tell a wrong method from an unknown route. */
const endpoints: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^\/notify\/[^/]+(\/[^/]+)?$/, 'POST'],
  [/^\/notify\/[^/]+\/[^/]+\/[^/]+$/, 'PUT, DELETE'],
];

/** The methods with which the endpoint at this URL is called, as the header `Allow` has them; undefined when there is none. */
export function methodsOf(url: string): string | undefined {
  const path = url.replace(/\?.*$/s, '');
  return endpoints.find(([pattern]) => pattern.test(path))?.[1];
}

/** The URL without a slash at the end of its path, which clients that append to a base URL leave there. */
export function withoutTrailingSlash(url: string): string {
  const [path = '', ...query] = url.split('?');
  return path.length > 1 && path.endsWith('/') ? [path.slice(0, -1), ...query].join('?') : url;
}
