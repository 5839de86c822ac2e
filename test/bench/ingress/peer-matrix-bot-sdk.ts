import { Appservice, LogLevel, LogService } from 'matrix-bot-sdk';

// The Appservice of matrix-bot-sdk as a process of its own: port and hs_token are its arguments. Without request logs,
// of which the bridge has none either. It acknowledges when its listeners were called, and stores nothing.
const [, , port = '', hsToken = ''] = process.argv;

LogService.setLevel(LogLevel.ERROR);
const appservice = new Appservice({
  port: Number(port),
  bindAddress: '127.0.0.1',
  homeserverName: 'care.example',
  homeserverUrl: 'http://127.0.0.1:1',
  registration: {
    as_token: 'not-used',
    hs_token: hsToken,
    sender_localpart: '_peer_bot',
    namespaces: {
      users: [{ exclusive: true, regex: '@_peer_.*:care\\.example' }],
      rooms: [],
      aliases: [],
    },
  },
});
appservice.on('room.event', () => undefined);
// Not begin(): that calls the homeserver, and there is none.
appservice.expressAppInstance.listen(Number(port), '127.0.0.1');
