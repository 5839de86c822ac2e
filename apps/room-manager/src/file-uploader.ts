import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { FileSource, MessageOf, UserId } from '@bridge/contracts';
import { Binaries, FhirClient } from '@bridge/fhir';
import {
  type AttachmentHolder,
  type UploadedFile,
  agreedType,
  attachmentIn,
  fileContent,
  holdsAttachment,
  isAcceptable,
  mediaType,
  notShown,
  textOfPart,
  textsIn,
} from '@bridge/mapping';
import { MatrixRefusal, Media } from '@bridge/matrix';
import { MessageLinkStore } from '@bridge/persistence';
import { Metrics, TooManyBytes } from '@bridge/platform';
import type { Attachment } from '@medplum/fhirtypes';
import { ManagerConfig } from './manager-config';

type Message = MessageOf<'command.send-message'>;

/** Why a file of the record is not shown; the people in the Room are told that it is there. */
type NotShown = 'too-large' | 'type-refused' | 'unavailable';

/** A file while it is being read, with its exact length. */
interface OpenFile {
  readonly body: Readable;
  readonly type: string;
  readonly length: number;
}

/** Files of the record → the media repository, as streams from the one to the other. */
@Injectable()
export class FileUploader {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly binaries: Binaries,
    private readonly media: Media,
    private readonly links: MessageLinkStore,
    private readonly config: ManagerConfig,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_files_to_matrix_total',
      'Files from FHIR, by what became of them',
      ['outcome'],
    );
  }

  /**
   * The content of a message, with its file uploaded; or with a line in its place when it is not to be shown.
   * A repetition finds what was uploaded. To be called when the message's row is reserved.
   * @param as who uploads: a ghost that is registered
   * @throws TransientError while a server is away
   */
  async contentOf(message: Message, as: UserId): Promise<Record<string, unknown>> {
    const { file, content } = message;
    if (!file) return content;
    const holder = await this.holderOf(file);
    const texts = textsIn(this.config.language);
    const text = holder && textIn(holder, message.part);
    if (text !== undefined) {
      const name = file.title ?? texts.files.unnamed;
      return { ...content, ...(await this.uploadText(text, name, as)) };
    }
    const attachment = attachmentOf(file, holder, message.part);
    const title = attachment?.title ?? file.title;
    const uploaded = attachment ? await this.uploadOnce(attachment, message, as) : 'unavailable';
    this.outcomes.inc({ outcome: typeof uploaded === 'string' ? uploaded : 'uploaded' });
    return typeof uploaded === 'string'
      ? { ...content, ...notShown(title, texts) }
      : { ...content, ...fileContent(title ?? texts.files.unnamed, uploaded) };
  }

  /** A text that is too long for an event, as a file: whatever types are allowed, it is text that was written. */
  private async uploadText(text: string, fileName: string, as: UserId): Promise<Record<string, unknown>> {
    const bytes = Buffer.from(text, 'utf8');
    const type = 'text/plain';
    const upload = { contentType: `${type}; charset=utf-8`, length: bytes.length, as };
    const mxc = await this.media.upload(Readable.from([bytes]), upload);
    return fileContent(fileName, { mxc, type, size: bytes.length });
  }

  /** The resource that holds the file, where the queue's message names one; `gone` when it is not there. */
  private async holderOf({ url }: FileSource): Promise<AttachmentHolder | 'gone' | undefined> {
    const ref = url === undefined ? undefined : this.fhir.refAt(url);
    if (!ref || !holdsAttachment(ref)) return undefined;
    return (await this.fhir.read<AttachmentHolder>(ref)) ?? 'gone';
  }

  private async uploadOnce(
    attachment: Attachment,
    { source: fhirRef, part }: Message,
    as: UserId,
  ): Promise<UploadedFile | NotShown> {
    const row = { fhirRef, part };
    const key = keyOf(attachment);
    const [mxc, uploadedKey] = (await this.links.mediaOf(row))?.split('#') ?? [];
    const known = mxc !== undefined && uploadedKey === key && (await this.describe(mxc));
    if (known) return known;
    const uploaded = await this.upload(attachment, as);
    if (typeof uploaded !== 'string') await this.links.uploaded(row, `${uploaded.mxc}#${key}`);
    return uploaded;
  }

  /** A file that is there already, from an earlier try. */
  private async describe(mxc: string): Promise<UploadedFile | undefined> {
    const download = await this.media.download(mxc, Number.MAX_SAFE_INTEGER);
    if (typeof download === 'string') return undefined;
    download.body.destroy();
    const type = mediaType(download.contentType);
    return type === undefined ? undefined : { mxc, type, size: download.length };
  }

  private async upload(attachment: Attachment, as: UserId): Promise<UploadedFile | NotShown> {
    const file = await this.open(attachment);
    if (typeof file === 'string') return file;
    const { body, type, length } = file;
    try {
      return { mxc: await this.media.upload(body, { contentType: type, length, as }), type, size: length };
    } catch (error) {
      if (error instanceof TooManyBytes) return 'too-large';
      if (error instanceof MatrixRefusal && error.errcode === 'M_TOO_LARGE') return 'too-large';
      throw error;
    }
  }

  private async open({ contentType, data, url }: Attachment): Promise<OpenFile | NotShown> {
    const { types, maxBytes } = this.config.media;
    if (!isAcceptable(contentType, types)) return 'type-refused';
    const limit = Math.min(maxBytes, await this.media.largestUpload());
    if (data !== undefined) return inline(data, agreedType(undefined, contentType ?? '', types), limit);
    if (url === undefined) return 'unavailable';
    const file = await this.binaries.open(url, limit);
    if (typeof file === 'string') return file;
    const type = agreedType(contentType, file.contentType, types);
    if (type !== undefined && file.length !== undefined)
      return { body: file.body, type, length: file.length };
    if (type === undefined) {
      file.body.destroy();
      return 'type-refused';
    }
    return this.openCounted(url, limit, type, file.body);
  }

  /** A homeserver wants the length first: where the FHIR server does not tell it, the file is read twice. */
  private async openCounted(
    url: string,
    limit: number,
    type: string,
    body: Readable & { readonly bytes: number },
  ): Promise<OpenFile | NotShown> {
    try {
      for await (const chunk of body) void chunk;
    } catch (error) {
      if (error instanceof TooManyBytes) return 'too-large';
      throw error;
    }
    const again = await this.binaries.open(url, limit);
    return typeof again === 'string' ? again : { body: again.body, type, length: body.bytes };
  }
}

/** What the record says of the file: where a resource holds it, the resource does. */
function attachmentOf(
  { url, contentType, title, position }: FileSource,
  holder: AttachmentHolder | 'gone' | undefined,
  part: number,
): Attachment | undefined {
  if (url === undefined || holder === 'gone') return undefined;
  if (!holder) return { url, contentType, title };
  const attachment = attachmentIn(holder, part, position);
  // Of a clinical resource the mapper has taken out of the title what is not to be shown.
  const shownTitle = position === undefined ? (attachment?.title ?? title) : title;
  return attachment && { ...attachment, title: shownTitle };
}

function textIn(holder: AttachmentHolder | 'gone', part: number): string | undefined {
  if (holder === 'gone') return undefined;
  const isMessage = holder.resourceType === 'Communication' || holder.resourceType === 'CommunicationRequest';
  return isMessage ? textOfPart(holder.payload, part) : undefined;
}

/** What was in the resource is in memory already, with the resource. */
function inline(data: string, type: string | undefined, limit: number): OpenFile | NotShown {
  if (type === undefined) return 'type-refused';
  const bytes = Buffer.from(data, 'base64');
  return bytes.length > limit ? 'too-large' : { body: Readable.from([bytes]), type, length: bytes.length };
}

/** Tells a part's file from the one that the part had in an earlier version. */
function keyOf({ url, data, contentType, hash }: Attachment): string {
  return createHash('sha256')
    .update(JSON.stringify([url, data, contentType, hash]))
    .digest('base64url');
}
