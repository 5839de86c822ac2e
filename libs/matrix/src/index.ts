export { Ghosts, ghostDeviceId } from './ghosts';
export { Homeserver } from './homeserver';
export { MatrixRefusal } from './matrix-failure';
export { MatrixModule } from './matrix.module';
export { botUserId, isOwnUser } from './own-users';
export { buildRegistration } from './registration';
export { Rooms } from './rooms';
export type { RoomCreation, RoomEvent, RoomState, TimelinePage } from './rooms';
export { transactionId } from './transaction-id';
