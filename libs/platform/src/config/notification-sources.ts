import { z } from 'zod';
import { fromJson } from './from-text';
import { headerName } from './setting-schemas';

/** Where the keys are had from that sign a source's tokens, and what such a token has to say. */
export interface TokenSettings {
  readonly jwksUrl: string;
  readonly issuer: string;
  readonly audience?: string;
  /** The client that the token was issued to: its claim `client_id`, `azp` or `sub`. */
  readonly client?: string;
}

/** Which client certificates are a source's: any of these. */
export interface CertificateSettings {
  /** DNS names of the certificate. */
  readonly names?: readonly string[];
  /** SHA-256, in small hexadecimal digits without colons. */
  readonly fingerprints?: readonly string[];
}

/** How one source shows who it is. Whatever is named here is asked for, all of it. */
export interface SourceSettings {
  /** The header that holds the source's secret; in `authorization` behind `Bearer`. */
  readonly secretHeader?: string;
  /** The header that holds the HMAC-SHA256 of the body, with the source's secret as the key. */
  readonly signatureHeader?: string;
  readonly token?: TokenSettings;
  readonly certificate?: CertificateSettings;
}

/**
 * A map by source, in YAML or as JSON text. Every error says in its message what is expected there.
 * @returns a record without prototype, so that a source id from a URL path can be looked up as it is
 */
export function notificationSources() {
  return z
    .preprocess(
      fromJson,
      z
        .record(z.string().regex(/^[a-z0-9-]+$/), Source, {
          error: ({ code }) =>
            code === 'invalid_key' ? 'a source named in a-z, 0-9 and -' : 'a map by source',
        })
        .transform((sources): Readonly<Record<string, SourceSettings>> =>
          Object.assign(Object.create(null) as object, sources),
        ),
    )
    .describe(
      'a map: to each source some of secretHeader, signatureHeader, token (jwksUrl, issuer, audience, client) and certificate (names, fingerprints)',
    );
}

const text = (form: string) => z.string({ error: form }).regex(/^\S+$/, { error: form });

function part<T extends z.ZodRawShape>(shape: T) {
  const keys = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? `the keys are: ${keys}` : `a map of ${keys}`),
  });
}

const Token = part({
  jwksUrl: text('an https:// URL').refine(isSafeUrl, {
    // Whoever can change the keys on their way can sign as the source.
    error: 'an https:// URL (http:// only on this machine)',
  }),
  issuer: text('the issuer as its tokens name it (claim iss)'),
  audience: text('the audience as the tokens name it (claim aud)').optional(),
  client: text('the client as the tokens name it (claim client_id, azp or sub)').optional(),
}).refine(({ audience, client }) => audience ?? client, {
  // Any token of that issuer would do, whomever it was issued to and for whatever.
  error: 'audience or client, or both',
});

const fingerprint = 'the SHA-256 of a certificate: 64 hexadecimal digits, colons between them or not';
const Certificate = part({
  names: z.array(text('a DNS name'), { error: 'a list of DNS names' }).min(1).optional(),
  fingerprints: z
    .array(
      z
        .string({ error: fingerprint })
        .transform((digits) => digits.replaceAll(':', '').toLowerCase())
        .pipe(z.string().regex(/^[0-9a-f]{64}$/, { error: fingerprint })),
      { error: 'a list of fingerprints' },
    )
    .min(1)
    .optional(),
}).refine(({ names, fingerprints }) => names ?? fingerprints, { error: 'names or fingerprints, or both' });

const Source = part({
  secretHeader: headerName().optional(),
  signatureHeader: headerName().optional(),
  token: Token.optional(),
  certificate: Certificate.optional(),
})
  .refine(({ secretHeader, signatureHeader }) => !secretHeader || !signatureHeader, {
    // The secret would travel beside what it signs.
    error: 'secretHeader or signatureHeader, not both',
  })
  .refine(({ secretHeader, token }) => !token || secretHeader !== 'authorization', {
    error: 'another secretHeader than Authorization, which holds the token',
  })
  .transform((source): SourceSettings =>
    Object.keys(source).length > 0 ? source : { secretHeader: 'authorization' },
  );

function isSafeUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return (
    protocol === 'https:' || (protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname))
  );
}
