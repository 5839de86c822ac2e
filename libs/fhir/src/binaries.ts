import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { FhirRef, TransientError } from '@bridge/contracts';
import { ByteMeter, contentLength, firstValue, metered } from '@bridge/platform';
import { FhirClient } from './fhir-client';
import { FhirRefusal, unreachable } from './fhir-failure';
import { FurtherBases } from './further-bases';
import { storedAt } from './stored-version';

/** A file of the FHIR server while it is being read. */
export interface StoredFile {
  /** Fails with TooManyBytes or TransientError. To be read to its end, or destroyed. */
  readonly body: ByteMeter;
  /** As the server names it, with its parameters; empty where it does not. */
  readonly contentType: string;
  /** Undefined where the server does not say. */
  readonly length: number | undefined;
}

export interface NewBinary {
  readonly contentType: string;
  /** Where it is known. */
  readonly length?: number;
  /** Whose rules of access hold for the file as well (R4, Binary.securityContext): the patient. */
  readonly securityContext?: FhirRef;
}

/** A FHIR resource in place of the bytes: from a server that knows no raw answers, or from an address that is no file's. */
const fhirTypes = /^application\/(?:fhir\+|json\+fhir|xml\+fhir)/i;

/** Files on the FHIR server: the bytes alone, as streams, not in base64 (R4, binary.html, "Serving binary resources"). */
@Injectable()
export class Binaries {
  constructor(
    private readonly fhir: FhirClient,
    private readonly further: FurtherBases,
  ) {}

  /**
   * Stores a file. Creating it a second time makes a second one.
   * @throws what reading `body` throws, and what other calls to the FHIR server do
   */
  async create(body: Readable, { contentType, length, securityContext }: NewBinary): Promise<FhirRef> {
    const operation = 'store a file';
    const answer = await this.fhir.stream({
      operation,
      method: 'POST',
      url: 'Binary',
      headers: {
        accept: 'application/fhir+json',
        prefer: 'return=minimal',
        'content-type': contentType,
        ...(length === undefined ? {} : { 'content-length': String(length) }),
        ...(securityContext ? { 'x-security-context': securityContext } : {}),
      },
      body,
    });
    if (answer) {
      await answer.body.dump();
      const stored = storedAt(firstValue(answer.headers, 'location'));
      if (stored?.ref.startsWith('Binary/')) return stored.ref;
    }
    throw new TransientError('fhir-busy', 'The FHIR server did not say where the stored file is', {
      advice: 'It must answer the creation of a Binary with a Location header.',
    });
  }

  /**
   * Reads a file.
   * @param url relative to the FHIR server's base URL or below it, or below one of the further bases
   * @param limit the largest size that is taken, in bytes
   * @returns why there is nothing to read, where asking again would not help
   */
  async open(url: string, limit: number): Promise<StoredFile | 'unavailable' | 'too-large'> {
    const operation = 'read a file';
    const answer = await this.answerOf(url, operation);
    if (!answer) return 'unavailable';
    const { headers, body } = answer;
    const contentType = firstValue(headers, 'content-type') ?? '';
    const length = contentLength(headers);
    const isTooLarge = length !== undefined && length > limit;
    if (isTooLarge || fhirTypes.test(contentType)) {
      // Not reading it any further is one more error of the stream, which is nobody's affair.
      body.on('error', () => undefined).destroy();
      return isTooLarge ? 'too-large' : 'unavailable';
    }
    return { body: metered(body, limit, (cause) => unreachable(operation, cause)), contentType, length };
  }

  private async answerOf(url: string, operation: string) {
    try {
      const headers = { accept: '*/*', 'accept-encoding': 'identity' };
      const stored = await this.fhir.stream({ operation, method: 'GET', url, headers });
      return stored ?? (await this.further.open(url, operation));
    } catch (error) {
      if (error instanceof FhirRefusal) return undefined;
      throw error;
    }
  }
}
