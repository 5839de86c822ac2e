/** What the paths of the Matrix specification consist of, as far as the bridge calls them. */
const words: ReadonlySet<string> = new Set([
  ...['_matrix', 'client', 'media', 'v1', 'v3', 'appservice', 'ping', 'capabilities', 'config', 'createRoom'],
  ...[
    'devices',
    'directory',
    'room',
    'download',
    'upload',
    'profile',
    'displayname',
    'avatar_url',
    'register',
  ],
  ...['rooms', 'join', 'leave', 'kick', 'unban', 'state', 'event', 'context', 'messages', 'send', 'redact'],
  ...['receipt', 'm.read', 'm.room.message', 'm.room.member'],
]);

/** A path without what it is about: `/_matrix/client/v3/rooms/{}/send/m.room.message/{}`. What is not known is left out. */
export function routeTemplate(path: string): string {
  return path
    .split('/')
    .map((segment) => (segment === '' || words.has(segment) ? segment : '{}'))
    .join('/');
}
