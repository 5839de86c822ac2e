export * from './care-team-store';
export * from './conversation-store';
export * from './cursor-store';
export * from './message-link-store';
export { MigrationError, applyMigrations, schemaScript } from './migrations';
export { ParticipantStore, opaqueId } from './participant-store';
export type { Participant, Person } from './participant-store';
export * from './persistence.module';
export { Sealer } from './sealer';
