import type { StoredMessage } from './inspected-queue';

interface Command {
  readonly source: string;
  readonly version: string;
  readonly versionAt: string;
  readonly part?: number;
  readonly conversation: string;
  readonly content?: { readonly body?: string };
}

/** The commands of ROOMS about messages, in the order in which room-manager would get them. */
export function messageCommands(stored: readonly StoredMessage[]) {
  return stored.flatMap(({ subject, payload }) => {
    const kind = subject.split('.').slice(3).join('.');
    if (kind !== 'send-message' && kind !== 'redact-message') return [];
    return [{ kind, ...(JSON.parse(payload.toString()) as Command) }];
  });
}

/**
 * What Matrix shows once room-manager has done all of this: of each resource what its latest version says, and nothing
 * of those that were taken back.
 */
export function shownBy(stored: readonly StoredMessage[]): Record<string, string> {
  const latest = new Map<string, ReturnType<typeof messageCommands>[number]>();
  for (const command of messageCommands(stored)) {
    const before = latest.get(command.source);
    if (!before || before.versionAt <= command.versionAt) latest.set(command.source, command);
  }
  const shown = [...latest].flatMap(([source, { kind, content }]) =>
    kind === 'send-message' ? [[source, content?.body ?? '']] : [],
  );
  return Object.fromEntries(shown) as Record<string, string>;
}
