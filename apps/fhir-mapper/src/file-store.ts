import { Injectable } from '@nestjs/common';
import { parseFhirRef } from '@bridge/contracts';
import { FhirRefusal } from '@bridge/fhir';
import {
  type FileRefusal,
  type OfferedFile,
  agreedType,
  identifierQuery,
  eventIdOf,
  isAcceptable,
  referenceTo,
  toDocumentReference,
} from '@bridge/mapping';
import { type Download, Media } from '@bridge/matrix';
import { TooManyBytes } from '@bridge/platform';
import type { Attachment, Communication, CommunicationPayload } from '@medplum/fhirtypes';
import { type Cause, AuditedRecord } from './audited-record';
import { MapperConfig } from './mapper-config';

/** Brings a file from the media repository to the FHIR server, as a stream from the one to the other. */
@Injectable()
export class FileStore {
  constructor(
    private readonly audited: AuditedRecord,
    private readonly media: Media,
    private readonly config: MapperConfig,
  ) {}

  /**
   * Stores the file as a Binary, and a large one also as a document.
   * Done twice, it leaves a Binary that nothing names; of the document there is one.
   * @param communication the record of the message: whom the file is about, and from whom and when
   * @param cause for the audit
   * @returns the payload that names what was stored, or why nothing was
   * @throws PartnerAway, TransientError
   */
  async store(
    { mxc, title, declaredType }: OfferedFile,
    communication: Communication,
    cause: Cause,
  ): Promise<CommunicationPayload | FileRefusal> {
    const { maxBytes, documentBytes, types } = this.config.media;
    if (!isAcceptable(declaredType, types)) return 'file-type-refused';
    if (mxc === undefined) return 'file-unavailable';
    const download = await this.media.download(mxc, maxBytes);
    if (download === 'unavailable') return 'file-unavailable';
    if (download === 'too-large') return 'file-too-large';
    const contentType = agreedType(declaredType, download.contentType, types);
    if (contentType === undefined) {
      download.body.destroy();
      return 'file-type-refused';
    }
    const url = await this.send(download, contentType, communication, cause);
    if (!isBinary(url)) return url;
    const { bytes: size } = download.body;
    const attachment = { contentType, title, size, hash: download.body.sha1(), url };
    if (size < documentBytes) return { contentAttachment: attachment };
    return this.document(communication, attachment, cause);
  }

  private async send(
    { body, length }: Download,
    contentType: string,
    { subject }: Communication,
    cause: Cause,
  ): Promise<`Binary/${string}` | FileRefusal> {
    const securityContext = parseFhirRef(subject?.reference);
    try {
      const binary = { contentType, length, securityContext };
      return (await this.audited.createBinary(body, binary, cause)) as `Binary/${string}`;
    } catch (error) {
      if (error instanceof TooManyBytes) return 'file-too-large';
      // The FHIR server's own limits. Its other refusals are for an operator.
      if (error instanceof FhirRefusal && error.status === 413) return 'file-too-large';
      if (error instanceof FhirRefusal && error.status === 415) return 'file-type-refused';
      throw error;
    }
  }

  private async document(
    communication: Communication,
    attachment: Attachment,
    cause: Cause,
  ): Promise<CommunicationPayload> {
    const document = toDocumentReference(communication, attachment);
    const eventId = eventIdOf(communication);
    if (!eventId) throw new TypeError('The record of a message lacks the event id');
    const { ref } = await this.audited.createOnce(document, identifierQuery(eventId), cause);
    return { contentReference: { ...referenceTo(ref), display: attachment.title } };
  }
}

function isBinary(url: `Binary/${string}` | FileRefusal): url is `Binary/${string}` {
  return url.startsWith('Binary/');
}
