import { Language, UserId } from '@bridge/contracts';
import { Config } from '@bridge/platform';

/** Injection token of the PseudonymService: an organisation can put its own in place. */
export const PSEUDONYMS = Symbol('PseudonymService');

/** The settings that the mapper's rules need, in the form they need them. */
export class MapperConfig {
  readonly serverName: string;
  readonly nameFromTopic: boolean;
  /** Of the names that Rooms are given. */
  readonly language: Language;
  /** `system|code` */
  readonly leadRoles: ReadonlySet<string>;
  readonly pullOverlapMs: number;
  readonly syncFrom: string | undefined;
  private readonly ghostPrefix: string;

  constructor({ matrix, rooms, fhir, bot }: Pick<Config, 'matrix' | 'rooms' | 'fhir' | 'bot'>) {
    this.language = bot.language;
    this.serverName = matrix.serverName;
    this.ghostPrefix = matrix.ghostPrefix;
    this.nameFromTopic = rooms.nameFromTopic;
    this.leadRoles = new Set(rooms.leadRoles.map(({ system, code }) => `${system}|${code}`));
    this.pullOverlapMs = fhir.pullOverlapMs;
    this.syncFrom = fhir.syncFrom;
  }

  /** A ghost's user id. */
  ghost(opaque: string): UserId {
    return UserId.parse(`@${this.ghostPrefix}${opaque}:${this.serverName}`);
  }
}
