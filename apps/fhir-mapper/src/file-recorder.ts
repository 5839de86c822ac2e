import { Injectable } from '@nestjs/common';
import { FhirRef, MatrixEvent, parseFhirRef, typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import {
  type FileOutcome,
  type FileRefusal,
  type OfferedFile,
  holdsFile,
  offeredFile,
  refOf,
  systems,
  withFile,
  withLateFile,
  withdrawn,
  withoutFile,
} from '@bridge/mapping';
import { PartnerAway } from '@bridge/matrix';
import { Metrics } from '@bridge/platform';
import { QueuePublisher } from '@bridge/queue';
import type { Communication, CommunicationPayload, DocumentReference } from '@medplum/fhirtypes';
import { type Cause, AuditedRecord } from './audited-record';
import { causeOfRecord } from './cause';
import { FileStore } from './file-store';

/** The record of a message with a file, and what became of the file. */
export interface AttachedFile {
  readonly communication: Communication;
  readonly outcome: FileOutcome;
}

/** A file is asked for this long after the homeserver that holds it was found away; then it counts as gone. */
const patienceMs = 3 * 86_400_000;

/** Files said in Matrix → Binary and DocumentReference, and the Communication that names them. */
@Injectable()
export class FileRecorder {
  private readonly outcomes;

  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly files: FileStore,
    private readonly publisher: QueuePublisher,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_files_from_matrix_total',
      'Files from Matrix, by what became of them',
      ['outcome'],
    );
  }

  /**
   * Stores the file of a message before its record is made.
   * A repetition finds the record and stores nothing: only a process that dies between the two leaves a Binary that
   * nothing names. FHIR has no conditional create for raw bytes, and many servers let no client choose an id.
   * @param communication the record without its file
   * @returns the record with it, or with its name; undefined when the message holds no file
   * @throws TransientError when a server of ours is away
   */
  async attach(event: MatrixEvent, communication: Communication): Promise<AttachedFile | undefined> {
    const file = offeredFile(event);
    if (!file) return undefined;
    const existing = await this.recordOf(event);
    if (existing && holdsFile(existing)) return { communication: existing, outcome: 'file-stored' };
    const stored = await this.storeOrWait(file, communication, causeOfRecord(event, communication));
    return typeof stored === 'string'
      ? { communication: withoutFile(communication, file, stored), outcome: stored }
      : { communication: withFile(communication, file, stored), outcome: 'file-stored' };
  }

  /** To be done when the record is made: tells the sender, or has the file fetched later. */
  async followUp(event: MatrixEvent, outcome: FileOutcome): Promise<void> {
    const { event_id: id, room_id: roomId, sender: to } = event;
    // Its partition does not matter: in the background nothing waits for anything.
    if (outcome === 'file-late') await this.publisher.publish('file.fetch', id, { event }, { id });
    else if (outcome !== 'file-stored') {
      const notice = { roomId, inReplyTo: id, to, notice: outcome };
      await this.publisher.publish('command.send-notice', roomId, notice, { id: `${id}#${outcome}` });
    }
    this.outcomes.inc({ outcome });
  }

  /**
   * Puts a file into the record of its message, now that it may be there.
   * @param since when it was missed first
   * @throws PartnerAway while it is not: the queue asks again
   */
  async fetchLate(event: MatrixEvent, since: Date): Promise<void> {
    const file = offeredFile(event);
    const record = file && (await this.recordOf(event));
    if (!record || !awaitsFile(record)) return;
    const cause = causeOfRecord(event, record);
    const stored = await this.storeOrGiveUp(file, record, cause, since);
    await this.audited.change<Communication>(
      refOf(record),
      (current) => (awaitsFile(current) ? withLateFile(current, stored) : undefined),
      { ...cause, occasion: `late file of ${cause.occasion}` },
    );
    await this.followUp(event, typeof stored === 'string' ? stored : 'file-stored');
  }

  /**
   * The document of a message that is taken back says so. To be done before the record is emptied, which names it.
   * The Binary stays: the record's history names it as well.
   */
  async withdraw(ref: FhirRef, cause: Cause): Promise<void> {
    const record = await this.fhir.read<Communication>(ref);
    for (const { contentReference } of record?.payload ?? []) {
      const document = parseFhirRef(contentReference?.reference);
      if (document && typeOf(document) === 'DocumentReference')
        await this.audited.change<DocumentReference>(document, withdrawn, cause);
    }
  }

  private async storeOrWait(
    file: OfferedFile,
    communication: Communication,
    cause: Cause,
  ): Promise<CommunicationPayload | FileRefusal | 'file-late'> {
    try {
      return await this.files.store(file, communication, cause);
    } catch (error) {
      // Somebody else's homeserver may be away for days: the conversation goes on without the file.
      if (error instanceof PartnerAway) return 'file-late';
      throw error;
    }
  }

  private async storeOrGiveUp(
    file: OfferedFile,
    record: Communication,
    cause: Cause,
    since: Date,
  ): Promise<CommunicationPayload | FileRefusal> {
    try {
      return await this.files.store(file, record, cause);
    } catch (error) {
      if (error instanceof PartnerAway && Date.now() - since.getTime() > patienceMs)
        return 'file-unavailable';
      throw error;
    }
  }

  private async recordOf({ event_id: eventId }: MatrixEvent): Promise<Communication | undefined> {
    const identifier = `${systems.eventId}|${eventId}`;
    for await (const [record] of this.fhir.search<Communication>('Communication', { identifier }))
      return record;
    return undefined;
  }
}

/** A record that was taken back, or has its file from a try that was cut off, awaits none. */
function awaitsFile(record: Communication): boolean {
  return record.status !== 'entered-in-error' && !holdsFile(record);
}
