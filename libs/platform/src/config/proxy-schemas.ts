import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { partsOf } from './from-text';

/** The absolute path of a file, or a URL that nobody can change on its way. */
export function fileOrUrl() {
  return z
    .string()
    .refine((text) => /^\/\S+$/.test(text) || isSafe(text))
    .describe('the absolute path of a file, or a URL with https:// (http:// only on this machine)');
}

/** A URL that nobody can change on its way. A trailing slash is taken off, so that paths can be appended. */
export function safeUrl() {
  return z
    .string()
    .refine(isSafe)
    .transform((value) => value.replace(/\/+$/, ''))
    .describe('a URL with https:// (http:// only on this machine)');
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && /^(127\.[\d.]+|localhost|\[::1\])$/.test(hostname))
  );
}

/** Host names, in small letters. */
export function hostNames() {
  return z
    .preprocess(
      partsOf,
      z.array(
        z
          .string()
          .regex(/^[A-Za-z0-9.-]{1,253}$/)
          .transform((name) => name.toLowerCase()),
      ),
    )
    .describe('host names, separated by commas');
}

/** Words without white space, at least one. */
export function words() {
  return z
    .preprocess(partsOf, z.array(z.string().regex(/^\S+$/)).min(1))
    .describe('words, separated by commas');
}

/** A public key, PEM. */
export function pemPublicKey() {
  return z
    .string()
    .refine((text) => {
      try {
        return createPublicKey(text).type === 'public';
      } catch {
        return false;
      }
    })
    .describe('a public key in PEM form');
}
