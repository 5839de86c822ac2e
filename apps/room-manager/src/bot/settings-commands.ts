import { Injectable } from '@nestjs/common';
import { EventId, FhirRef, UserId, languages, parseFhirRef, typeOf } from '@bridge/contracts';
import { textsIn } from '@bridge/mapping';
import {
  AccountOverrideStore,
  CareTeamStore,
  ParticipantStore,
  UserPreferenceStore,
} from '@bridge/persistence';
import { QueuePublisher } from '@bridge/queue';
import { ManagerConfig } from '../manager-config';
import type { BotReply, BotRequest } from './bot-request';

const personTypes = new Set(['Practitioner', 'RelatedPerson', 'Patient']);

/** `language`, and the accounts that administrators give to people. */
@Injectable()
export class SettingsCommands {
  constructor(
    private readonly preferences: UserPreferenceStore,
    private readonly participants: ParticipantStore,
    private readonly overrides: AccountOverrideStore,
    private readonly careTeams: CareTeamStore,
    private readonly publisher: QueuePublisher,
    private readonly config: ManagerConfig,
  ) {}

  async language({ sender, words }: BotRequest): Promise<BotReply> {
    const chosen = languages.find((language) => language === words[0]?.toLowerCase());
    if (!chosen) return 'misused';
    await this.preferences.setLanguage(sender, chosen);
    return { text: textsIn(chosen).bot.languageSet };
  }

  async link({ event, sender, words, texts: { bot } }: BotRequest): Promise<BotReply> {
    const person = personIn(words[0]);
    if (!person) return { text: bot.notAPerson };
    const account = UserId.safeParse(words[1] ?? sender).data;
    if (!account || this.config.isOwn(account)) return { text: bot.notAnAccount };
    if (!(await this.participants.find(person))) return { text: bot.personUnknown };
    await this.overrides.set(person, account, sender);
    await this.applyTo(person, event.event_id);
    return { text: bot.linked(person, account) };
  }

  async unlink({ event, words, texts: { bot } }: BotRequest): Promise<BotReply> {
    const person = personIn(words[0]);
    if (!person) return { text: bot.notAPerson };
    if (!(await this.participants.find(person))) return { text: bot.personUnknown };
    await this.overrides.remove(person);
    await this.applyTo(person, event.event_id);
    return { text: bot.unlinked(person) };
  }

  /** Has the person's care teams read again, and with them the people in them: their Spaces and Rooms follow. */
  private async applyTo(person: FhirRef, command: EventId): Promise<void> {
    for (const careTeam of await this.careTeams.ofPerson(person)) {
      await this.publisher.publish('fhir.due', careTeam, { careTeam }, { id: `${careTeam} ${command}` });
    }
  }
}

function personIn(word: string | undefined): FhirRef | undefined {
  const ref = parseFhirRef(word);
  return ref && personTypes.has(typeOf(ref)) ? ref : undefined;
}
