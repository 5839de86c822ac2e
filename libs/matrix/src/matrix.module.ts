import { DynamicModule, Module } from '@nestjs/common';
import { Config } from '@bridge/platform';
import { Ghosts } from './ghosts';
import { Homeserver } from './homeserver';
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
        { provide: Homeserver, useFactory: () => new Homeserver(homeserver) },
        Ghosts,
        Receipts,
        Rooms,
      ],
      exports: [Homeserver, Ghosts, Receipts, Rooms],
    };
  }
}
