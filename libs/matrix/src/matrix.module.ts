import { DynamicModule, Module } from '@nestjs/common';
import { Config, Metrics } from '@bridge/platform';
import { Ghosts } from './ghosts';
import { Homeserver } from './homeserver';
import { Media } from './media';
import { Members } from './members';
import { Receipts } from './receipts';
import { Rooms } from './rooms';

@Module({})
export class MatrixModule {
  /** Global: the homeserver and what can be done with it. */
  static forRoot(homeserver: Config['homeserver']): DynamicModule {
    return {
      module: MatrixModule,
      global: true,
      providers: [
        {
          provide: Homeserver,
          useFactory: (metrics: Metrics) => new Homeserver(homeserver, metrics),
          inject: [Metrics],
        },
        Ghosts,
        Media,
        Members,
        Receipts,
        Rooms,
      ],
      exports: [Homeserver, Ghosts, Media, Members, Receipts, Rooms],
    };
  }
}
