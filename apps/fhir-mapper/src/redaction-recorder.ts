import { Injectable } from '@nestjs/common';
import { redacted, redactionTarget } from '@bridge/mapping';
import { HandledEventStore, MessageLinkStore } from '@bridge/persistence';
import type { Communication } from '@medplum/fhirtypes';
import { AuditedRecord } from './audited-record';
import { causeOf } from './cause';
import { DeliveryStatus } from './delivery-status';
import { FileRecorder } from './file-recorder';
import { LinkedEvents } from './linked-events';
import { ReactionRecorder } from './reaction-recorder';
import type { Said } from './said-in';

/**
 * What is taken back in Matrix. The homeserver has decided that the redaction is allowed. What was written in FHIR is
 * not Matrix's to take back; and of a redacted edit the record keeps the edited text: it keeps no list of edits, and
 * who wants the words gone redacts the message.
 */
@Injectable()
export class RedactionRecorder {
  constructor(
    private readonly audited: AuditedRecord,
    private readonly links: MessageLinkStore,
    private readonly handled: HandledEventStore,
    private readonly related: LinkedEvents,
    private readonly reactions: ReactionRecorder,
    private readonly delivery: DeliveryStatus,
    private readonly files: FileRecorder,
  ) {}

  async record(said: Said): Promise<'redacted' | 'reaction-removed' | 'nothing-to-redact'> {
    const { event, conversation } = said;
    const target = redactionTarget(event);
    if (!target) return 'nothing-to-redact';
    if (await this.reactions.takeBack(target, said)) return 'reaction-removed';
    const link = await this.related.find(target, conversation);
    if (!link) {
      // Not recorded, perhaps not yet (a dead letter that is replayed later): it never will be.
      await this.handled.note(target, event.room_id);
      await this.delivery.clear({ eventId: target, roomId: event.room_id });
      return 'nothing-to-redact';
    }
    if (link.direction !== 'to-fhir') return 'nothing-to-redact';
    const cause = causeOf(said);
    await this.files.withdraw(link.fhirRef, cause);
    await this.audited.change<Communication>(link.fhirRef, (record) => redacted(record, event), cause);
    await this.links.redacted(target);
    return 'redacted';
  }
}
