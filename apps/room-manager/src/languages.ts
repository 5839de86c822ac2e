import { Injectable } from '@nestjs/common';
import type { Language, UserId } from '@bridge/contracts';
import { Texts, textsIn } from '@bridge/mapping';
import { UserPreferenceStore } from '@bridge/persistence';
import { ManagerConfig } from './manager-config';

/** In which language the bridge speaks to somebody. */
@Injectable()
export class Languages {
  constructor(
    private readonly preferences: UserPreferenceStore,
    private readonly config: ManagerConfig,
  ) {}

  /** The one they chose at the bot, or the organisation's. */
  async of(userId: UserId): Promise<Language> {
    return (await this.preferences.language(userId)) ?? this.config.language;
  }

  async textsFor(userId: UserId): Promise<Texts> {
    return textsIn(await this.of(userId));
  }
}
