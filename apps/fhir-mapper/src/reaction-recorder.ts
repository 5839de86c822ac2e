import { Injectable } from '@nestjs/common';
import { EventId, typeOf } from '@bridge/contracts';
import {
  type Reactable,
  isClinicalType,
  readReaction,
  whoIs,
  withReaction,
  withoutReaction,
} from '@bridge/mapping';
import { ReactionLinkStore } from '@bridge/persistence';
import { AuditedRecord } from './audited-record';
import { causeOf } from './cause';
import { LinkedEvents } from './linked-events';
import { type Said, personOf } from './said-in';

/** Reactions in Matrix are kept on what they react to, be it said in Matrix or written in FHIR. */
@Injectable()
export class ReactionRecorder {
  constructor(
    private readonly audited: AuditedRecord,
    private readonly reactions: ReactionLinkStore,
    private readonly related: LinkedEvents,
  ) {}

  async record(
    said: Said,
  ): Promise<'reacted' | 'reacted-before' | 'redacted-before' | 'nothing-to-react-to'> {
    const { event, conversation } = said;
    const reaction = readReaction(event);
    const link = reaction && (await this.related.settled(reaction.target, conversation));
    // What was measured or prescribed is not the bridge's to change, whatever people think of the line about it.
    if (!link || isClinicalType(typeOf(link.fhirRef))) return 'nothing-to-react-to';
    if (link.redacted) return 'redacted-before';
    const who = whoIs(event.sender, personOf(event.sender, said));
    // Noted first: after a death in between the reaction is there or not, and its redaction finds out.
    await this.reactions.save(event.event_id, link.fhirRef);
    const isWritten = await this.audited.change<Reactable>(
      link.fhirRef,
      (resource) => withReaction(resource, { key: reaction.key, who, eventId: event.event_id }),
      causeOf(said),
    );
    return isWritten ? 'reacted' : 'reacted-before';
  }

  /** @returns false when the event is no reaction that the record of this conversation holds */
  async takeBack(eventId: EventId, said: Said): Promise<boolean> {
    const ref = await this.reactions.resourceOf(eventId);
    if (!ref || !(await this.related.holds(ref, said.conversation))) return false;
    await this.audited.change<Reactable>(ref, (each) => withoutReaction(each, eventId), causeOf(said));
    await this.reactions.remove(eventId);
    return true;
  }
}
