export { AuditModule, AuditSenderModule } from './audit.module';
export { AuditTrail } from './audit-trail';
export type { Deed, Done } from './audit-trail';
export { messageContent } from './message-content';
