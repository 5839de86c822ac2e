import { Injectable } from '@nestjs/common';
import { AuditTrail } from '@bridge/audit';
import { MatrixEvent } from '@bridge/contracts';
import { type AuditDeed, readBotCommand, readEdit, refusalOfMessage, wasRedacted } from '@bridge/mapping';
import { ConversationStore, HandledEventStore } from '@bridge/persistence';
import { EndToEnd, Metrics } from '@bridge/platform';
import { BotForwarder } from './bot-forwarder';
import { EditRecorder } from './edit-recorder';
import { MapperConfig } from './mapper-config';
import { MessageRecorder } from './message-recorder';
import { ReactionRecorder } from './reaction-recorder';
import { RedactionRecorder } from './redaction-recorder';
import { type Said, namedIn } from './said-in';
import { SenderCheck } from './sender-check';

/**
 * What left no trace may be done when the event comes again: the Room may belong to a conversation by then, the message
 * that it changes may be recorded, the homeserver may know the sender.
 */
const notHandled: ReadonlySet<string> = new Set([
  'foreign-room',
  'sender-not-in-room',
  'nothing-to-edit',
  'nothing-to-react-to',
]);

/** What somebody must not do: it is not in the record, and the audit tells that they tried. */
const refused: ReadonlyMap<string, AuditDeed> = new Map([
  ['sender-not-in-room', 'create'],
  ['not-the-sender', 'update'],
]);

/** The record has something of it now. */
const recorded: ReadonlySet<string> = new Set([
  ...['recorded', 'unsupported', 'unreadable', 'edited'],
  ...['reacted', 'reaction-removed', 'redacted'],
]);

/** Every event that was said in Matrix comes in here: what is it, and who takes it from here? */
@Injectable()
export class EventIntake {
  private readonly outcomes;

  constructor(
    private readonly conversations: ConversationStore,
    private readonly handled: HandledEventStore,
    private readonly senders: SenderCheck,
    private readonly bot: BotForwarder,
    private readonly messages: MessageRecorder,
    private readonly edits: EditRecorder,
    private readonly reactions: ReactionRecorder,
    private readonly redactions: RedactionRecorder,
    private readonly trail: AuditTrail,
    private readonly config: MapperConfig,
    private readonly endToEnd: EndToEnd,
    metrics: Metrics,
  ) {
    this.outcomes = metrics.counter(
      'bridge_matrix_messages_total',
      'Messages from Matrix, by what became of them',
      ['outcome'],
    );
  }

  /** Does what is to be done for an event, once: however often it comes, and whoever brings it. */
  async take(event: MatrixEvent): Promise<void> {
    this.outcomes.inc({ outcome: await this.takeOnce(event) });
  }

  private async takeOnce(event: MatrixEvent): Promise<string> {
    if (await this.handled.isHandled(event.event_id)) return 'repeated';
    const outcome = await this.outcomeOf(event);
    if (recorded.has(outcome)) this.endToEnd.arrived('to-fhir');
    const deed = refused.get(outcome);
    if (deed) await this.tellRefusal(event, outcome, deed);
    if (!notHandled.has(outcome)) await this.handled.note(event.event_id, event.room_id);
    return outcome;
  }

  private async tellRefusal(event: MatrixEvent, outcome: string, deed: AuditDeed): Promise<void> {
    const refusal = refusalOfMessage(`matrix.${event.type}`, event, outcome);
    await this.trail.refused(event.event_id, { ...refusal, deed });
  }

  private async outcomeOf(event: MatrixEvent): Promise<string> {
    const conversation = await this.conversations.ofRoom(event.room_id);
    if (!conversation) return this.bot.forwardFromElsewhere(event);
    if (wasRedacted(event)) return 'redacted-before';
    const members = await this.conversations.members(conversation, { userIds: namedIn(event) });
    if (!(await this.senders.isReal(event, members))) return 'sender-not-in-room';
    return this.outcomeOfReal({ event, conversation, members });
  }

  private async outcomeOfReal(said: Said): Promise<string> {
    const { event } = said;
    if (event.type === 'm.room.redaction') return this.redactions.record(said);
    if (event.type === 'm.reaction') return this.reactions.record(said);
    if (readBotCommand(event, this.config.botPrefix, false) !== undefined) return this.bot.forward(event);
    const edit = readEdit(event);
    return edit ? this.edits.record(said, edit) : this.messages.record(said);
  }
}
