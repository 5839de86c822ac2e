import { runMain, startApp } from '@bridge/platform';
import { JetStreamServer } from '@bridge/queue';
import { ParkedConversationStore } from '@bridge/persistence';
import { RoomManagerModule, roomManagerSections } from './app.module';

runMain(
  {
    app: 'room-manager',
    purpose: 'makes Spaces and Rooms what the record says, and sends what was said in FHIR',
    sections: roomManagerSections,
  },
  (config) =>
    startApp({
      app: 'room-manager',
      module: RoomManagerModule.forRoot(config),
      config,
      strategy: JetStreamServer.of('ROOMS', ParkedConversationStore),
    }),
);
