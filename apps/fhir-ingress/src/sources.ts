import type { Config, SourceSettings } from '@bridge/platform';

type Settings = Pick<Config['notifications'], 'secrets' | 'previousSecrets' | 'sources'>;

/** A source that may notify the bridge, and how it shows who it is. */
export interface Source {
  readonly name: string;
  readonly settings: SourceSettings;
  /** The present one, and while it is being changed the one before; empty where the source needs none. */
  readonly secrets: readonly string[];
}

/** Every configured source by its name. One that has nothing but a secret shows it as a bearer token. */
export function sourcesOf({
  secrets = {},
  previousSecrets = {},
  sources = {},
}: Settings): Map<string, Source> {
  const names = new Set([...Object.keys(secrets), ...Object.keys(sources)]);
  return new Map(
    [...names].map((name) => [
      name,
      {
        name,
        settings: sources[name] ?? { secretHeader: 'authorization' },
        secrets: [secrets[name], previousSecrets[name]].filter((secret) => secret !== undefined),
      },
    ]),
  );
}
