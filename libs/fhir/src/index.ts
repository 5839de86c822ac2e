export { Binaries, type StoredFile } from './binaries';
export { FhirClient } from './fhir-client';
export { FhirConflict, FhirRefusal } from './fhir-failure';
export { FhirModule } from './fhir.module';
