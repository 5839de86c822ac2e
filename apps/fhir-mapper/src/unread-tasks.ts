import { Injectable } from '@nestjs/common';
import { FhirRef, typeOf } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import { type TaskPlace, completed, refOf, toUnreadTask, unreadTaskQuery, withNewest } from '@bridge/mapping';
import { Conversation, ConversationStore, MessageLinkStore } from '@bridge/persistence';
import type { Task } from '@medplum/fhirtypes';
import { AuditedRecord, type Cause } from './audited-record';
import { MapperConfig } from './mapper-config';

/** What somebody has yet to read of a conversation → their Task; on servers that keep no such Tasks themselves. */
@Injectable()
export class UnreadTasks {
  constructor(
    private readonly fhir: FhirClient,
    private readonly audited: AuditedRecord,
    private readonly conversations: ConversationStore,
    private readonly links: MessageLinkStore,
    private readonly config: MapperConfig,
  ) {}

  /**
   * Somebody has said something: every other member has it to read, and who says something has read what was said before.
   * To be done before it is brought to the other side; until then, repeating it changes nothing.
   */
  async note(conversation: Conversation, newest: FhirRef, sender: FhirRef | undefined): Promise<void> {
    if (!this.config.writeTasks || typeOf(conversation.conversation) !== 'CommunicationRequest') return;
    // A later version of what is on the other side already: nobody has to read it again.
    if (await this.links.bridgedAt(newest, conversation.conversation)) return;
    const members = await this.conversations.members(conversation);
    for (const { participant } of members) {
      const place = { conversation: conversation.conversation, owner: participant.fhirRef };
      const cause = {
        by: sender,
        occasion: `${newest} for ${participant.fhirRef}`,
        patient: conversation.subject,
      };
      if (participant.fhirRef === sender) await this.complete(place, cause);
      else await this.request(place, newest, cause);
    }
  }

  private async request(place: TaskPlace, newest: FhirRef, cause: Cause): Promise<void> {
    const { serverName } = this.config;
    const at = new Date();
    const task = toUnreadTask(place, { newest, subject: cause.patient ?? null, at, serverName });
    const { ref } = await this.audited.createOnce(task, unreadTaskQuery(place), {
      ...cause,
      occasion: `${place.conversation} for ${place.owner}`,
    });
    await this.audited.change<Task>(ref, (current) => withNewest(current, newest, at), cause);
  }

  private async complete(place: TaskPlace, cause: Cause): Promise<void> {
    const identifier = decodeURIComponent(unreadTaskQuery(place).slice('identifier='.length));
    for await (const page of this.fhir.search<Task>('Task', { identifier })) {
      for (const task of page)
        await this.audited.change<Task>(refOf(task), (current) => completed(current, new Date()), cause);
    }
  }
}
