import { randomBytes } from 'node:crypto';
import type { Config, Metrics } from '@bridge/platform';
import type { FastifyRequest } from 'fastify';
import { clientCertificates } from './client-certificate';
import { OperationOutcomeError } from './operation-outcome';
import { isNamed, isOneOf, isSigned, secretIn, signatureIn } from './source-proofs';
import { type Source, sourcesOf } from './sources';
import { tokenCheck } from './token-check';

/** A source with what is needed to check it. */
interface Guarded extends Source {
  readonly isGoodToken?: (token: string) => Promise<boolean>;
}

/** Who asks for a source that there is not: treated like one that has a secret which nobody knows. */
const NOBODY: Guarded = {
  name: 'unknown',
  settings: { secretHeader: 'authorization' },
  secrets: [randomBytes(32).toString('hex')],
};

/**
 * Lets a source reach its own endpoints, once it has shown all that its settings ask for. An unknown source and a wrong
 * credential are answered alike, and at the same moment, so that nobody learns which sources there are: before the body
 * is read; but a request that is signed, whoever it says it is, after that, since the body is what is signed.
 */
export class SourceGuard {
  private readonly sources: ReadonlyMap<string, Guarded>;
  private readonly signatureHeaders: readonly string[];
  private readonly certificateOf;
  private readonly refused;
  /** Of requests that are judged after their body: what was found before it. */
  private readonly undecided = new WeakMap<FastifyRequest, { source: Guarded; knownSoFar: boolean }>();

  constructor(config: Config['notifications'], metrics: Pick<Metrics, 'counter'>) {
    const sources = [...sourcesOf(config).values()].map((source): Guarded => {
      const { token } = source.settings;
      return { ...source, ...(token && { isGoodToken: tokenCheck(token) }) };
    });
    this.sources = new Map(sources.map((source) => [source.name, source]));
    const headers = sources.flatMap(({ settings }) => settings.signatureHeader ?? []);
    this.signatureHeaders = [...new Set(headers)];
    this.certificateOf = clientCertificates(config);
    this.refused = metrics.counter(
      'bridge_fhir_notifications_refused_total',
      'Notifications of somebody who did not show to be the source.',
      ['source'],
    );
    for (const { name } of [...sources, NOBODY]) this.refused.inc({ source: name }, 0);
  }

  /**
   * A Fastify `onRequest` hook.
   * @throws OperationOutcomeError 401
   * @throws TransientError the keys of a source's tokens cannot be had
   */
  readonly beforeBody = async (request: FastifyRequest): Promise<void> => {
    // The matched route, not the URL's text: one route can be reached by several spellings of its URL.
    if (!request.routeOptions.url?.startsWith('/notify/')) return;
    const { source: name } = request.params as { source: string };
    const source = this.sources.get(name) ?? NOBODY;
    const knownSoFar = await this.shows(source, request);
    if (this.signatureHeaders.some((header) => signatureIn(request.headers[header]) !== undefined)) {
      this.undecided.set(request, { source, knownSoFar });
    } else if (!knownSoFar || source.settings.signatureHeader !== undefined) {
      throw this.refusal(source);
    }
  };

  /** A Fastify `preHandler` hook. @throws OperationOutcomeError 401 */
  readonly afterBody = (request: FastifyRequest): Promise<void> => {
    const found = this.undecided.get(request);
    if (!found) return Promise.resolve();
    const { settings, secrets } = found.source;
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const header = settings.signatureHeader ?? this.signatureHeaders[0]!;
    const signed = isSigned(body, signatureIn(request.headers[header]) ?? '', secrets);
    const known = found.knownSoFar && (signed || settings.signatureHeader === undefined);
    return known ? Promise.resolve() : Promise.reject(this.refusal(found.source));
  };

  /** Whether the request shows all but a signature that its source has to show. */
  private async shows(
    { settings, secrets, isGoodToken }: Guarded,
    request: FastifyRequest,
  ): Promise<boolean> {
    const { secretHeader, certificate } = settings;
    if (secretHeader !== undefined && !isOneOf(secretIn(request.headers, secretHeader), secrets))
      return false;
    if (certificate) {
      const shown = this.certificateOf(request);
      if (!shown || !isNamed(shown, certificate)) return false;
    }
    return !isGoodToken || isGoodToken(secretIn(request.headers, 'authorization'));
  }

  private refusal({ name }: Guarded): OperationOutcomeError {
    this.refused.inc({ source: name });
    return new OperationOutcomeError(401, 'security', 'Credentials that belong to this source are needed.', {
      'www-authenticate': 'Bearer',
    });
  }
}
