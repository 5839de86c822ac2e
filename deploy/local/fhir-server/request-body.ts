import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './http-problem';

const largestBody = 16 * 1024 * 1024;
const jsonTypes = ['application/fhir+json', 'application/json'];

/**
 * Reads and parses a request's body; undefined when there is none.
 *
 * @throws HttpProblem 415 for a type other than the interaction takes, 400 for what is not JSON or not an object,
 *   413 above 16 MiB
 */
export async function readBody(request: IncomingMessage, path: string): Promise<unknown> {
  const text = await readText(request);
  if (text === '') return undefined;
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (path.endsWith('/_search')) {
    requireType(type, ['application/x-www-form-urlencoded']);
    return parseForm(text);
  }
  requireType(type, request.method === 'PATCH' ? ['application/json-patch+json'] : jsonTypes);
  return parseJson(text);
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new HttpProblem(413, 'too-long', 'The body is larger than 16 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function requireType(type: string, accepted: readonly string[]): void {
  if (!accepted.includes(type)) {
    throw new HttpProblem(415, 'not-supported', `Content-Type must be ${accepted.join(' or ')}`);
  }
}

function parseJson(text: string): unknown {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's message would quote the body.
    throw new HttpProblem(400, 'structure', 'The body is not JSON');
  }
  if (typeof body !== 'object' || body === null)
    throw new HttpProblem(400, 'structure', 'The body is not an object');
  return body;
}

function parseForm(text: string): Record<string, string[]> {
  const form = new URLSearchParams(text);
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, form.getAll(name)]));
}
