import { setTimeout as wait } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { FhirRef } from '@bridge/contracts';
import { FhirClient } from '@bridge/fhir';
import type { Texts } from '@bridge/mapping';
import { CareTeamStore, DeliveryMarkStore, MessageLinkStore } from '@bridge/persistence';
import { QueueConnection } from '@bridge/queue';
import type { BotReply, BotRequest } from './bot-request';
import type { BridgedPlace } from './place';

/** Longer nobody waits at their desk, and the Room's other commands wait meanwhile. */
const recordLimitMs = 3_000;

/** `status`: how this conversation and the bridge are doing. */
@Injectable()
export class StatusCommand {
  constructor(
    private readonly careTeams: CareTeamStore,
    private readonly links: MessageLinkStore,
    private readonly marks: DeliveryMarkStore,
    private readonly queue: QueueConnection,
    private readonly fhir: FhirClient,
  ) {}

  async run({ sender, place, texts: { bot } }: BotRequest): Promise<BotReply> {
    if (place.kind === 'direct') {
      const teams = await this.careTeams.ofAccount(sender);
      const items = teams.length > 0 ? teams.map((team) => bot.careTeamIs(team)) : [bot.noCareTeam];
      return { text: bot.statusDirect, items: [...items, ...(await this.bridge(bot, teams[0]))] };
    }
    const ref = place.kind === 'room' ? place.conversation.conversation : place.careTeam;
    return {
      text: bot.statusOf(ref),
      items: [...(await this.container(place, bot)), ...(await this.bridge(bot, ref))],
    };
  }

  private async container(place: BridgedPlace, bot: Texts['bot']): Promise<string[]> {
    const team = place.careTeam ? bot.careTeamIs(place.careTeam) : bot.noCareTeam;
    if (place.kind === 'space') return [team, place.space.open ? bot.open : bot.closed];
    const { conversation, roomId, open } = place.conversation;
    const [undelivered, latest] = await Promise.all([
      roomId ? this.marks.countIn(roomId) : 0,
      this.links.latestOf(conversation),
    ]);
    return [
      team,
      open ? bot.open : bot.closed,
      bot.undelivered(undelivered),
      latest ? bot.lastMessage(latest.toISOString()) : bot.noMessage,
    ];
  }

  /** @param ref something that the record should have, to see whether it answers */
  private async bridge(bot: Texts['bot'], ref: FhirRef | undefined): Promise<string[]> {
    const [waiting, answers] = await Promise.all([
      this.queue.backlog('MAPPING'),
      ref ? this.recordAnswers(ref) : undefined,
    ]);
    const record = answers === undefined ? [] : [answers ? bot.recordAnswers : bot.recordSilent];
    return [...record, bot.waiting(waiting)];
  }

  private async recordAnswers(ref: FhirRef): Promise<boolean> {
    const answer = this.fhir.read(ref).then(
      () => true,
      () => false,
    );
    return Promise.race([answer, wait(recordLimitMs, false, { ref: false })]);
  }
}
