export { ClientKeys } from './access/client-keys';
export { Binaries, type StoredFile } from './binaries';
export { FhirClient, type Transaction } from './fhir-client';
export { FhirConflict, FhirRefusal } from './fhir-failure';
export { FhirModule } from './fhir.module';
export type { StoredVersion } from './stored-version';
