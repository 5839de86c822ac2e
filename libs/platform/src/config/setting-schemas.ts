import { createPrivateKey, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { partsOf } from './from-text';

/*
 * The kinds of value a setting can have. Each reads the text of an environment variable and the value of a YAML
 * file alike, strictly ('12abc' is no number), and is described by what completes "expected: …".
 */

const fromText = (pattern: RegExp, read: (text: string) => unknown) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value) ? read(value) : value;

/** Any text without line breaks. */
export function line() {
  return z
    .string()
    .regex(/^[^\r\n]+$/)
    .describe('text on one line');
}

/** Text of a given form. `form` completes "expected: …". */
export function matching(pattern: RegExp, form: string) {
  return z.string().regex(pattern).describe(form);
}

/** A whole number within bounds, both allowed. */
export function wholeNumber(min: number, max: number) {
  return z
    .preprocess(fromText(/^-?\d+$/, Number), z.int().min(min).max(max))
    .describe(`a whole number from ${min} to ${max}`);
}

/** One of a few whole numbers. */
export function oneNumberOf<const T extends readonly number[]>(values: T) {
  return z.preprocess(fromText(/^\d+$/, Number), z.literal(values)).describe(`one of ${values.join(', ')}`);
}

/** One of a few words. */
export function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values).describe(`one of ${values.join(', ')}`);
}

/** Some of a few words, separated by commas, or a YAML list of them; `none` for none of them. */
export function someOf<const T extends readonly string[]>(words: T) {
  return z
    .preprocess((value) => (value === 'none' ? [] : partsOf(value)), z.array(z.enum(words)))
    .describe(`none, or some of ${words.join(', ')}, separated by commas`);
}

/** `true` or `false`. */
export function yesOrNo() {
  return z
    .preprocess(
      fromText(/^(true|false)$/, (text) => text === 'true'),
      z.boolean(),
    )
    .describe('true or false');
}

/** An absolute URL with one of the given schemes. A trailing slash is taken off, so that paths can be appended. */
export function url(schemes: readonly string[]) {
  const scheme = new RegExp(`^(${schemes.join('|')})://`, 'i');
  return z
    .string()
    .refine((value) => scheme.test(value) && URL.canParse(value))
    .transform((value) => value.replace(/\/+$/, ''))
    .describe(`a URL with ${schemes.map((name) => `${name}://`).join(' or ')}`);
}

/** A secret that no one guesses: at least `length` characters, no white space. */
export function secretText(length: number) {
  return z
    .string()
    .regex(new RegExp(`^\\S{${length},}$`))
    .describe(`at least ${length} characters without white space`);
}

/** 32 bytes for AES-256, as base64 text. */
export function encryptionKey() {
  return z
    .base64()
    .refine((text) => Buffer.from(text, 'base64').length === 32)
    .describe('32 bytes in base64');
}

/** Name of an HTTP header, in small letters. */
export function headerName() {
  const form = 'the name of an HTTP header';
  return z
    .string({ error: form })
    .regex(/^[A-Za-z0-9-]{1,64}$/, { error: form })
    .transform((name) => name.toLowerCase())
    .describe(form);
}

/** One or more X.509 certificates, PEM, each on lines of its own (OpenSSL reads nothing else). */
export function pemCertificates() {
  return z
    .string()
    .refine((text) => {
      const each = text.match(/^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\s*$/gm) ?? [];
      return each.length > 0 && each.every((pem) => succeeds(() => new X509Certificate(pem)));
    })
    .describe('certificates in PEM form');
}

/** A private key, PEM, without a passphrase. */
export function pemKey() {
  return z
    .string()
    .refine((text) => succeeds(() => createPrivateKey(text)))
    .describe('a private key in PEM form, without a passphrase');
}

function succeeds(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
