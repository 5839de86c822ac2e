import type { ClinicalType } from '@bridge/contracts';
import * as fhirPath from './expressions';

export const nl: Readonly<Record<ClinicalType, string>> = {
  Observation: `{code}[: {${fhirPath.observationValue}}][ – {interpretation}][ ({status.show() | coalesce(effective, issued).show()})][ – {performer}]`,
  DiagnosticReport: `Uitslag {code}[: {${fhirPath.conclusion}}][, metingen: {${fhirPath.resultCount}}][ ({status.show() | coalesce(effective, issued).show()})][ – {coalesce(resultsInterpreter, performer)}]`,
  MedicationRequest: `Medicatie ({intent.show() | status.show()}): {iif(doNotPerform = true, 'NIET GEVEN:')} {medication}[ – {dosageInstruction}][; {authoredOn}][, {requester}]`,
  ServiceRequest: `Aanvraag: {iif(doNotPerform = true, 'NIET UITVOEREN:')}[ {code}][ – {orderDetail}][, {${fhirPath.priority}}][; reden: {${fhirPath.reasons}}][; {occurrence}][; aangevraagd door {requester}][ ({intent.show() | status.show()})]`,
  Appointment: `Afspraak[ {${fhirPath.appointmentTime}}][: {${fhirPath.appointmentWhat}}][ – {participant.actor}][ ({status.show() | cancelationReason.show()})]`,
  Task: `Taak[: {${fhirPath.taskWhat}}] – {status}[, {businessStatus}][, {statusReason}][; voor {owner}][; uiterlijk {restriction.period.end}]`,
  Encounter: `Contact[ {class}][, {type}]: {status}[, {period}][, bij {serviceProvider}][; ontslag naar: {hospitalization.dischargeDisposition}]`,
  EpisodeOfCare: `Zorgepisode[ {type}]: {status}[, {period}][, bij {managingOrganization}][ – {careManager}]`,
  Condition: `Probleem: {code}[ ({clinicalStatus.show() | verificationStatus.show() | severity.show()})][, begin: {onset}][, einde: {abatement}]`,
  AllergyIntolerance: `Allergie of intolerantie: {${fhirPath.allergyWhat}}[ ({clinicalStatus.show() | verificationStatus.show()})][, risico {criticality}][, reactie: {reaction.manifestation}]`,
  Immunization: `Vaccinatie: {vaccineCode} ({status.show() | statusReason.show() | occurrence.show()})[ – {performer.actor}]`,
  Procedure: `Verrichting[: {code}] ({status.show() | statusReason.show() | performed.show()})[, resultaat: {outcome}][ – {performer.actor}]`,
  CarePlan: `Zorgplan[ {${fhirPath.carePlanWhat}}]: {status.show() | intent.show()}[, {period}]`,
  Goal: `Doel: {description} ({lifecycleStatus.show() | achievementStatus.show()})[, uiterlijk {target.due}]`,
  DocumentReference: `Document[: {${fhirPath.documentWhat}}][ ({${fhirPath.documentStatus}})][ – {author}]`,
  Media: `Opname[: {${fhirPath.mediaWhat}}] ({status.show() | created.show()})[ – {operator}]`,
  Flag: `⚠ {code} ({status.show() | period.show()})`,
};
