import { ClinicalType, Language, UserId } from '@bridge/contracts';
import type { AccountOrder, RequestIn } from '@bridge/mapping';
import { Config } from '@bridge/platform';

/** Injection token of the PseudonymService: an organisation can put its own in place. */
export const PSEUDONYMS = Symbol('PseudonymService');

/** The settings that the mapper's rules need, in the form they need them. */
export class MapperConfig {
  readonly serverName: string;
  readonly nameFromTopic: boolean;
  /** Of the names that Rooms are given, and of roles in the names of ghosts. */
  readonly language: Language;
  /** `system|code` */
  readonly leadRoles: ReadonlySet<string>;
  readonly pullOverlapMs: number;
  readonly syncFrom: string | undefined;
  /** So much time lies between two readings of the histories for deletions. */
  readonly deletesIntervalMs: number;
  /** So long a missing notification of a topic-based Subscription may still arrive by itself. */
  readonly subscriptionGraceMs: number;
  /** Begins a message that speaks to the bot. */
  readonly botPrefix: string;
  /** After so many milliseconds the sender of a message is told that it is not in the record yet. */
  readonly markAfterMs: number;
  readonly media: Config['media'];
  /** Clinical resources that are told in the care team's own room. */
  readonly clinicalTypes: readonly ClinicalType[];
  readonly accountOrder: AccountOrder;
  /** Where the record of a message names the request of its conversation. */
  readonly requestIn: RequestIn;
  /** Whether the payload of a CommunicationRequest is said in its Room. */
  readonly requestPayload: boolean;
  /** Whether the bridge keeps the Tasks that tell what members have yet to read. */
  readonly writeTasks: boolean;
  private readonly readMarks: Config['fhir']['readMarks'];
  private readonly ghostPrefix: string;

  constructor({
    matrix,
    rooms,
    fhir,
    bot,
    delivery,
    media,
    clinical,
    subscriptions,
  }: Pick<
    Config,
    'matrix' | 'rooms' | 'fhir' | 'subscriptions' | 'bot' | 'delivery' | 'media' | 'clinical'
  >) {
    this.media = media;
    this.clinicalTypes = clinical.types ?? [];
    this.language = bot.language;
    this.serverName = matrix.serverName;
    this.ghostPrefix = matrix.ghostPrefix;
    this.nameFromTopic = rooms.nameFromTopic;
    this.leadRoles = new Set(rooms.leadRoles.map(({ system, code }) => `${system}|${code}`));
    this.pullOverlapMs = fhir.pullOverlapMs;
    this.syncFrom = fhir.syncFrom;
    this.deletesIntervalMs = fhir.deletesIntervalMs;
    this.subscriptionGraceMs = subscriptions.graceMs;
    this.botPrefix = bot.prefix;
    this.markAfterMs = delivery.markAfterMs;
    this.readMarks = fhir.readMarks;
    this.accountOrder = fhir.accountOrder;
    this.writeTasks = fhir.writeTasks;
    this.requestIn = fhir.requestReference;
    this.requestPayload = fhir.requestPayload;
  }

  /** Whether reading is recorded, and looked for, in resources of this type. */
  marks(type: 'Task' | 'AuditEvent'): boolean {
    return this.readMarks === 'both' || this.readMarks === (type === 'Task' ? 'task' : 'audit-event');
  }

  /** A ghost's user id. */
  ghost(opaque: string): UserId {
    return UserId.parse(`@${this.ghostPrefix}${opaque}:${this.serverName}`);
  }
}
