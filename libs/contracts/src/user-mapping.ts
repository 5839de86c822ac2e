import { FhirRef } from './ids';

/** Content of the `custom.user_mappings` state event (Dutch specification, "User Mappings State Event"); never a BSN. */
export interface UserMapping {
  readonly fhirRef: FhirRef;
  readonly uraNr?: string;
  readonly uziNr?: string;
  readonly roleCode?: string;
  readonly email?: string;
}
