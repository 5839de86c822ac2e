import type { Config } from '@bridge/platform';

/** The configuration section `nats`, and the name under which the connection shows in NATS' own reports. */
export type QueueConfig = Config['nats'] & { readonly app: string };
