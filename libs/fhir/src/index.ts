export { ClientKeys } from './access/client-keys';
export { Binaries, type StoredFile } from './binaries';
export { Capabilities } from './capabilities';
export { Deletions, type Deletion, type DeletionOf } from './deletions';
export { FhirClient, type Transaction } from './fhir-client';
export { FhirConflict, FhirRefusal } from './fhir-failure';
export { FhirModule } from './fhir.module';
export type { StoredVersion } from './stored-version';
export { SubscriptionOperations } from './subscription-operations';
