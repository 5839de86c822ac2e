import { ConversationStore, ParticipantStore } from '@bridge/persistence';
import { Controller, Get, Param } from '@nestjs/common';
import { MatrixError } from './matrix-error';
import { OwnNamespace } from './own-namespace';

/**
 * What the homeserver asks before it gives up on an id of the bridge's namespace that it does not know. It waits
 * for the answer, so ids that cannot be the bridge's are answered without asking Postgres.
 *
 * The ids are wildcards in the routes: a route parameter ends at 100 characters, an id at 255.
 */
@Controller('_matrix/app/v1')
export class LookupController {
  constructor(
    private readonly own: OwnNamespace,
    private readonly participants: ParticipantStore,
    private readonly conversations: ConversationStore,
  ) {}

  /** `GET /users/{userId}`: 200 for a ghost that was handed out, else 404 `M_NOT_FOUND`. */
  @Get('users/*')
  async user(@Param('*') text: string): Promise<Record<string, never>> {
    const userId = this.own.userId(text);
    return found(userId !== undefined && (await this.participants.isGhost(userId)));
  }

  /** `GET /rooms/{roomAlias}`: 200 for the alias of a Space or a Room, else 404 `M_NOT_FOUND`. */
  @Get('rooms/*')
  async room(@Param('*') text: string): Promise<Record<string, never>> {
    const localpart = this.own.aliasLocalpart(text);
    return found(localpart !== undefined && (await this.conversations.hasAlias(localpart)));
  }
}

function found(known: boolean): Record<string, never> {
  if (!known) throw new MatrixError(404, 'M_NOT_FOUND', 'The bridge does not know this id.');
  return {};
}
