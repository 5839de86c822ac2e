import { Injectable } from '@nestjs/common';
import { Language, UserId, languages } from '@bridge/contracts';
import { Database } from './database';

/** What people have chosen at the bot. */
@Injectable()
export class UserPreferenceStore {
  constructor(private readonly database: Database) {}

  /** @returns undefined for somebody who has chosen none */
  async language(userId: UserId): Promise<Language | undefined> {
    const row = await this.database.client.userPreference.findUnique({ where: { userId } });
    return languages.find((language) => language === row?.language);
  }

  async setLanguage(userId: UserId, language: Language): Promise<void> {
    await this.database.client.userPreference.upsert({
      where: { userId },
      create: { userId, language },
      update: { language },
    });
  }
}
