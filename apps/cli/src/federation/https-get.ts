import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import {
  type DetailedPeerCertificate,
  type TLSSocket,
  checkServerIdentity,
  rootCertificates,
} from 'node:tls';

const MOST_BYTES = 256 * 1024;

/** A server that is asked: where it is, and who it has to be. */
export interface Place {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  /** Whom its certificate has to name. */
  readonly certificateFor: string;
  /** The header `Host`. */
  readonly hostHeader: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly certificate: { readonly issuer: string; readonly validTo: Date };
  /** Half-way between question and answer, in milliseconds since 1970. */
  readonly at: number;
}

/** Nobody answers there, or somebody who is not believed. */
export class NoAnswer extends Error {
  constructor(
    readonly kind: 'certificate' | 'connection',
    message: string,
  ) {
    super(message);
  }
}

export interface HttpsOptions {
  /** Authorities in PEM form that partners trust, in place of the public ones; not set: the public ones. */
  readonly authorities?: readonly string[];
  readonly timeoutMs: number;
  /** By `host:port`: asked there instead, at another `host:port`. */
  readonly connect: ReadonlyMap<string, { readonly host: string; readonly port: number }>;
}

/** Asks servers by HTTPS: a new connection each, so that each answer tells of the certificate that came with it. */
export class HttpsGet {
  constructor(private readonly options: HttpsOptions) {}

  /**
   * @param trust `partners`: the authorities of the federation alone; `people`: also the public ones, as browsers do
   * @throws NoAnswer with a sentence that tells why
   */
  async get(place: Place, path: string, trust: 'partners' | 'people' = 'partners'): Promise<Answer> {
    const { authorities, timeoutMs, connect } = this.options;
    const { host, port } = connect.get(`${place.host}:${place.port}`) ?? place;
    const ca = authorities && (trust === 'people' ? [...authorities, ...rootCertificates] : [...authorities]);
    const from = Date.now();
    try {
      const request = https.get({
        host,
        port,
        path,
        // An address is told to nobody by TLS.
        servername: isIP(place.certificateFor) ? '' : place.certificateFor,
        checkServerIdentity: (_, certificate) => checkServerIdentity(place.certificateFor, certificate),
        headers: { host: place.hostHeader, accept: 'application/json' },
        agent: false,
        ca,
        signal: AbortSignal.timeout(timeoutMs),
      });
      const response = await new Promise<IncomingMessage>((resolve, reject) =>
        request.once('response', resolve).on('error', reject),
      );
      const at = (from + Date.now()) / 2;
      // Read before the body: at its end the connection is closed.
      const certificate = certificateOf(response.socket as TLSSocket);
      const body = await bodyOf(response);
      return { status: response.statusCode ?? 0, headers: response.headers, body, certificate, at };
    } catch (error) {
      throw noAnswer(error as NodeJS.ErrnoException, `${place.host}:${place.port}`, timeoutMs);
    }
  }
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) {
    body += chunk as string;
    if (body.length > MOST_BYTES) throw new Error(`the answer is longer than ${MOST_BYTES} characters`);
  }
  return body;
}

/** Who signed it, and when the first certificate of its chain ends. */
function certificateOf(socket: TLSSocket): Answer['certificate'] {
  const leaf = socket.getPeerCertificate(true);
  const ends: number[] = [];
  const seen = new Set<string>();
  let each: DetailedPeerCertificate | undefined = leaf;
  while (each?.fingerprint256 && !seen.has(each.fingerprint256)) {
    seen.add(each.fingerprint256);
    ends.push(Date.parse(each.valid_to));
    each = each.issuerCertificate;
  }
  const issuer = [leaf.issuer.CN ?? leaf.issuer.O ?? 'an authority without a name'].flat().join(' ');
  return { issuer, validTo: new Date(Math.min(...ends)) };
}

const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
]);
const CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ECONNRESET: 'the connection was closed',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name server does not answer',
};

function noAnswer(error: NodeJS.ErrnoException, where: string, timeoutMs: number): NoAnswer {
  const { code = '', name, message } = error;
  const told = (kind: NoAnswer['kind'], why: string): NoAnswer => new NoAnswer(kind, `${where}: ${why}`);
  if (UNTRUSTED.has(code)) return told('certificate', 'its certificate is of no authority that is trusted');
  if (code === 'CERT_HAS_EXPIRED') return told('certificate', 'its certificate has ended');
  if (code === 'CERT_NOT_YET_VALID') return told('certificate', 'its certificate is not valid yet');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return told('certificate', `its certificate is for other names (${message.split('altnames: ').at(-1)})`);
  if (/^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO)/.test(code))
    return told('certificate', `it does not speak TLS as it should (${code})`);
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ABORT_ERR')
    return told('connection', `no answer within ${timeoutMs / 1_000} s`);
  return told('connection', CONNECTION[code] ?? message);
}
