import { runMain } from '@bridge/platform';
import { messengerProxySections } from './app.module';
import { startMessengerProxy } from './start-messenger-proxy';

runMain(
  {
    app: 'messenger-proxy',
    purpose: "guards a homeserver's edges: who calls it, whom it calls, and who may invite whom",
    sections: messengerProxySections,
  },
  startMessengerProxy,
);
