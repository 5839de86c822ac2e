import { UserId } from '@bridge/contracts';
import type { RoleLevels } from '@bridge/mapping';
import { botUserId } from '@bridge/matrix';
import { Config } from '@bridge/platform';

/** The settings that the room rules need, in the form they need them. */
export class ManagerConfig {
  readonly serverName: string;
  readonly organisation: string;
  readonly bot: UserId;
  readonly levels: RoleLevels;
  readonly historyVisibility: 'joined' | 'invited';

  constructor({ matrix, organisation, rooms }: Pick<Config, 'matrix' | 'organisation' | 'rooms'>) {
    this.serverName = matrix.serverName;
    this.organisation = organisation.name;
    this.bot = botUserId(matrix);
    this.historyVisibility = rooms.historyVisibility;
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
