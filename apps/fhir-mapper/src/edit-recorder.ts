import { Injectable } from '@nestjs/common';
import { type Edit, type NoChange, edited, mentionedUsers, recaptioned } from '@bridge/mapping';
import { MessageLinkStore } from '@bridge/persistence';
import type { Communication } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { causeOf } from './cause';
import { LinkedEvents } from './linked-events';
import { MessageRecorder } from './message-recorder';
import { type Said, membersAmong, personOf } from './said-in';

/** What is edited in Matrix is changed in its Communication; the FHIR server's history keeps what it was. */
@Injectable()
export class EditRecorder {
  constructor(
    private readonly audited: AuditedRecord,
    private readonly links: MessageLinkStore,
    private readonly related: LinkedEvents,
    private readonly messages: MessageRecorder,
  ) {}

  /**
   * The latest edit by its sender's clock counts, whatever order they come in (Matrix specification, "Event
   * replacements"). What was written in FHIR is not Matrix's to change.
   */
  async record(
    said: Said,
    { target, replacement }: Edit,
  ): Promise<'edited' | 'edited-later' | 'nothing-to-edit' | NoChange> {
    const link = await this.related.find(target, said.conversation);
    if (!link) return 'nothing-to-edit';
    if (link.direction !== 'to-fhir') return 'not-the-sender';
    const editedAt = instant(replacement.origin_server_ts);
    if (link.changedAt && editedAt < link.changedAt) return 'edited-later';
    const change = {
      content: await this.messages.contentOf(replacement),
      mentioned: membersAmong(mentionedUsers(replacement), said),
    };
    const editor = { event: said.event, resource: personOf(said.event.sender, said) };
    let reason: NoChange | undefined;
    const apply = (record: Communication): Communication | undefined => {
      const result = edited(record, recaptioned(record, replacement, change), editor);
      reason = typeof result === 'string' ? result : undefined;
      return typeof result === 'string' ? undefined : result;
    };
    const isWritten = await this.audited.change(link.fhirRef, apply, causeOf(said));
    // Also when the text was the same: the try before may have died right after writing it.
    if (isWritten || reason === 'same-content') await this.links.changed(target, editedAt);
    return isWritten ? 'edited' : (reason ?? 'nothing-to-edit');
  }
}

/** No clock is right that is later: a sender may claim any time, and the database writes four digits of year. */
const lastInstant = Date.UTC(9999, 11, 31);

function instant(timestamp: number): Date {
  return new Date(Math.min(timestamp, lastInstant));
}
