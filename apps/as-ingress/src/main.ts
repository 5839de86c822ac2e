import { runMain } from '@bridge/platform';
import { asIngressSections } from './app.module';
import { startAsIngress } from './start-as-ingress';

runMain(
  {
    app: 'as-ingress',
    purpose: "takes the homeserver's Application Service transactions and puts their events on the queue",
    sections: asIngressSections,
  },
  startAsIngress,
);
