import { Language, UserId } from '@bridge/contracts';
import type { BotPermission, RoleLevels } from '@bridge/mapping';
import { botUserId, isOwnUser } from '@bridge/matrix';
import { Config } from '@bridge/platform';

/** The settings that the room rules need, in the form they need them. */
export class ManagerConfig {
  readonly serverName: string;
  readonly organisation: string;
  readonly bot: UserId;
  readonly levels: RoleLevels;
  readonly historyVisibility: 'joined' | 'invited';
  /** Whether new Spaces and Rooms can have members on other homeservers. */
  readonly federate: boolean;
  readonly retentionDays: number | undefined;
  /** Who decides who belongs. */
  readonly membershipMaster: 'fhir' | 'matrix';
  readonly resyncIntervalMs: number;
  /** Of what is said to nobody in particular, and to people who have chosen none. */
  readonly language: Language;
  /** Begins a message that speaks to the bot. */
  readonly botPrefix: string;
  /** What people may do at the bot, by user id, server or `*`. */
  readonly permissions: ReadonlyMap<string, BotPermission>;
  readonly media: Config['media'];
  /** Whether the record is told the events of what was written there. */
  readonly writeEventIds: boolean;
  /** Whether a Matrix id is one of the bridge's: the bot, or a ghost. */
  readonly isOwn: (userId: string) => boolean;

  constructor({
    matrix,
    organisation,
    rooms,
    bot,
    media,
    fhir,
  }: Pick<Config, 'matrix' | 'organisation' | 'rooms' | 'bot' | 'media' | 'fhir'>) {
    this.media = media;
    this.writeEventIds = fhir.writeEventIds;
    this.serverName = matrix.serverName;
    this.organisation = organisation.name;
    this.bot = botUserId(matrix);
    this.historyVisibility = rooms.historyVisibility;
    this.federate = rooms.federate;
    this.retentionDays = rooms.retentionDays;
    this.membershipMaster = rooms.membershipMaster;
    this.resyncIntervalMs = rooms.resyncIntervalMs;
    this.language = bot.language;
    this.botPrefix = bot.prefix;
    this.permissions = bot.permissions;
    this.isOwn = (userId) => isOwnUser(userId, matrix);
    this.levels = {
      lead: rooms.powerLead,
      professional: rooms.powerProfessional,
      'related-person': rooms.powerRelatedPerson,
      patient: rooms.powerPatient,
    };
  }

  /** The full alias of a localpart that was reserved in Postgres. */
  alias(localpart: string): string {
    return `#${localpart}:${this.serverName}`;
  }
}
