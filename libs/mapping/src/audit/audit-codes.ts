import type { Coding } from '@medplum/fhirtypes';
import { systems } from '../fhir-systems';
import type { AuditDeed } from './audit-entry';

const dicom = 'http://dicom.nema.org/resources/ontology/DCM';
const interaction = 'http://hl7.org/fhir/restful-interaction';
const entityType = 'http://terminology.hl7.org/CodeSystem/audit-entity-type';
const objectRole = 'http://terminology.hl7.org/CodeSystem/object-role';

const rest: Coding = { system: systems.auditEventType, code: 'rest', display: 'RESTful Operation' };

/** Type, subtype and action of each deed: IHE Basic Audit Log Patterns (BALP), "Create", "Update", "Privacy Disclosure at Source". */
export const deedCodes: Readonly<
  Record<AuditDeed, { type: Coding; subtype?: Coding; action: 'C' | 'U' | 'R' | 'E' }>
> = {
  create: { type: rest, subtype: { system: interaction, code: 'create', display: 'create' }, action: 'C' },
  update: { type: rest, subtype: { system: interaction, code: 'update', display: 'update' }, action: 'U' },
  disclose: {
    type: { system: dicom, code: '110106', display: 'Export' },
    subtype: {
      system: systems.lifecycle,
      code: 'disclose',
      display: 'Disclose Record Lifecycle Event',
    },
    action: 'R',
  },
  execute: { type: { system: dicom, code: '110100', display: 'Application Activity' }, action: 'E' },
};

/** DICOM role ids: who a thing comes from, and who it goes to. */
export const sourceRole: Coding = { system: dicom, code: '110153', display: 'Source Role ID' };
export const destinationRole: Coding = { system: dicom, code: '110152', display: 'Destination Role ID' };
/** Who did it by hand. */
export const operatorRole: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  code: 'PPRF',
  display: 'primary performer',
};
/** Who asked for it. */
export const author: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  code: 'AUT',
  display: 'author (originator)',
};

export const applicationServer: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/security-source-type',
  code: '4',
  display: 'Application Server',
};

export const person: Coding = { system: entityType, code: '1', display: 'Person' };
export const systemObject: Coding = { system: entityType, code: '2', display: 'System Object' };
export const patientRole: Coding = { system: objectRole, code: '1', display: 'Patient' };
export const domainResource: Coding = { system: objectRole, code: '4', display: 'Domain Resource' };
export const dataRepository: Coding = { system: objectRole, code: '17', display: 'Data Repository' };
export const jobStream: Coding = { system: objectRole, code: '21', display: 'Job Stream' };

/** What care teams talk for. */
export const treatment: Coding = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  code: 'TREAT',
  display: 'treatment',
};
