import { ClinicalLines } from '@bridge/mapping';
import { type Config, ConfigError, settings } from '@bridge/platform';

/**
 * The lines that the configuration asks for, with their templates compiled.
 * @throws ConfigError with every mistake in own templates
 */
export function clinicalLinesOf({ clinical, bot }: Pick<Config, 'clinical' | 'bot'>): ClinicalLines {
  const { types = [], timeZone, templates: own = {} } = clinical;
  const lines = ClinicalLines.of({ types, language: bot.language, timeZone, own });
  if (lines instanceof ClinicalLines) return lines;
  const { env } = settings.clinical.templates;
  throw new ConfigError(
    lines.map(({ type, language, problem, mend }) => ({
      setting: `${env} (clinical.templates.${type}.${language})`,
      problem,
      mend,
    })),
  );
}
