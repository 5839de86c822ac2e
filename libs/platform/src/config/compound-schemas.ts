import { isIP } from 'node:net';
import { z } from 'zod';
import { partsOf } from './from-text';
import { headerName, url } from './setting-schemas';

/** A coded value as FHIR means it: the code and the system that defines it. */
export interface SystemCode {
  readonly system: string;
  readonly code: string;
}

/** Comma-separated `system|code` pairs, or a YAML list of them. */
export function systemCodes() {
  return z
    .preprocess(
      partsOf,
      z
        .array(z.string().regex(/^[^|\s]+\|[^|\s]+$/))
        .min(1)
        .transform((pairs) => pairs.map(readPair)),
    )
    .describe('system|code pairs, separated by commas');
}

function readPair(pair: string): SystemCode {
  const bar = pair.indexOf('|');
  return { system: pair.slice(0, bar), code: pair.slice(bar + 1) };
}

/**
 * A secret per source: `ehr=<secret>,lab=<secret>` (a comma or a new line between them), or a YAML map.
 * @returns a record without prototype, so that a source id from a URL path can be looked up as it is
 */
export function sourceSecrets() {
  return z
    .preprocess(
      assignments,
      z
        .array(z.tuple([z.string().regex(/^[a-z0-9-]+$/), z.string().regex(/^[^\s,]{16,}$/)]))
        .min(1)
        .refine((pairs) => new Set(pairs.map(([source]) => source)).size === pairs.length)
        .transform(recordOf),
    )
    .describe(
      'source=secret pairs separated by commas (in YAML a map): each source once, in a-z, 0-9 and -; each secret at least 16 characters without white space or comma',
    );
}

/** Headers that the client itself has to set: what they say would contradict the request, or FHIR_AUTH. */
const ownHeaders =
  /^(authorization|host|connection|content-.*|transfer-encoding|accept.*|if-.*|prefer|cache-control|cookie2?)$/;

/** `X-Tenant=a,X-Api-Key=b` (a comma or a new line between them), or a YAML map, whose values may hold commas. */
export function headerLines() {
  return z
    .preprocess(
      assignments,
      z
        .array(
          z.tuple([
            headerName().refine((name) => !ownHeaders.test(name)),
            z.string().regex(/^[\x20-\x7e]+$/),
          ]),
        )
        .min(1)
        .refine((pairs) => new Set(pairs.map(([name]) => name)).size === pairs.length)
        .transform(recordOf),
    )
    .describe(
      'header=value pairs separated by commas (in YAML a map), each header once, and none that the client or FHIR_AUTH sets',
    );
}

/** The canonical URL of a topic per resource type: `CareTeam=<url>,Task=<url>`, or a YAML map. */
export function topicsOfTypes() {
  return z
    .preprocess(
      assignments,
      z.array(z.tuple([z.string().regex(/^[A-Z][A-Za-z]+$/), z.string().regex(/^\S+$/)])).transform(recordOf),
    )
    .describe('type=canonical URL pairs, separated by commas (in YAML a map)');
}

/** Media types such as `application/pdf`, or `image/*` for a whole family. */
export function mediaTypes() {
  return z
    .preprocess(partsOf, z.array(z.string().regex(/^[a-z]+\/([a-z0-9][a-z0-9.+-]*|\*)$/)).min(1))
    .describe('media types such as application/pdf or image/*, separated by commas');
}

/** Addresses and networks in CIDR form, such as `10.0.0.0/8` or `::1`, separated by commas, or a YAML list. */
export function networks() {
  return z
    .preprocess(partsOf, z.array(z.string().refine(isNetwork)).min(1))
    .describe('addresses or networks such as 10.0.0.0/8, separated by commas');
}

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

/** Base URLs, each without a slash at its end. */
export function baseUrls() {
  return z
    .preprocess(partsOf, z.array(url(['https', 'http'])).min(1))
    .describe('URLs with https:// or http://, separated by commas');
}

export type Permission = 'none' | 'user' | 'admin';

/** `*=user,care.example=user,@anna:care.example=admin`, or a YAML map. */
export function permissions() {
  const who = /^(\*|@[^\s:]*:[^\s,=]+|[^\s@*,=]+)$/;
  return z
    .preprocess(
      assignments,
      z
        .array(z.tuple([z.string().regex(who), z.enum(['none', 'user', 'admin'])]))
        .min(1)
        .refine((pairs) => new Set(pairs.map(([key]) => key)).size === pairs.length)
        .transform((pairs): ReadonlyMap<string, Permission> => new Map(pairs)),
    )
    .describe(
      'who=none, user or admin, separated by commas (in YAML a map); who is *, a server name or a user id',
    );
}

/** The pairs of a text, or of a YAML map. */
function assignments(value: unknown): unknown {
  return typeof value === 'string' ? value.split(/[,\n]/).map(readAssignment) : entriesOf(value);
}

function readAssignment(text: string): string[] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text.trim()] : [text.slice(0, equals).trim(), text.slice(equals + 1).trim()];
}

function entriesOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : value;
}

function recordOf(pairs: [string, string][]): Readonly<Record<string, string>> {
  const record = Object.create(null) as Record<string, string>;
  for (const [source, secret] of pairs) record[source] = secret;
  return record;
}
