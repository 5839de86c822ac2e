/** Headers as undici and node:http give them. */
type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The first value of a header; undefined where there is none. */
export function firstValue(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The announced length of a body in bytes; undefined where none is announced. */
export function contentLength(headers: Headers): number | undefined {
  const text = firstValue(headers, 'content-length') ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
