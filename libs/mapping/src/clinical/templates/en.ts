import type { ClinicalType } from '@bridge/contracts';
import * as fhirPath from './expressions';

/** One line per type. `{…}` is FHIRPath; `[…]` is left out where something in it has no value. */
export const en: Readonly<Record<ClinicalType, string>> = {
  Observation: `{code}[: {${fhirPath.observationValue}}][ – {interpretation}][ ({status.show() | coalesce(effective, issued).show()})][ – {performer}]`,
  DiagnosticReport: `Report {code}[: {${fhirPath.conclusion}}][, results: {${fhirPath.resultCount}}][ ({status.show() | coalesce(effective, issued).show()})][ – {coalesce(resultsInterpreter, performer)}]`,
  MedicationRequest: `Medication ({intent.show() | status.show()}): {iif(doNotPerform = true, 'DO NOT GIVE:')} {medication}[ – {dosageInstruction}][; {authoredOn}][, {requester}]`,
  ServiceRequest: `Request: {iif(doNotPerform = true, 'NOT TO BE DONE:')}[ {code}][ – {orderDetail}][, {${fhirPath.priority}}][; reason: {${fhirPath.reasons}}][; {occurrence}][; requested by {requester}][ ({intent.show() | status.show()})]`,
  Appointment: `Appointment[ {${fhirPath.appointmentTime}}][: {${fhirPath.appointmentWhat}}][ – {participant.actor}][ ({status.show() | cancelationReason.show()})]`,
  Task: `Task[: {${fhirPath.taskWhat}}] – {status}[, {businessStatus}][, {statusReason}][; for {owner}][; due {restriction.period.end}]`,
  Encounter: `Encounter[ {class}][, {type}]: {status}[, {period}][, at {serviceProvider}][; discharged to: {hospitalization.dischargeDisposition}]`,
  EpisodeOfCare: `Episode of care[ {type}]: {status}[, {period}][, at {managingOrganization}][ – {careManager}]`,
  Condition: `Condition: {code}[ ({clinicalStatus.show() | verificationStatus.show() | severity.show()})][, onset: {onset}][, end: {abatement}]`,
  AllergyIntolerance: `Allergy or intolerance: {${fhirPath.allergyWhat}}[ ({clinicalStatus.show() | verificationStatus.show()})][, risk {criticality}][, reaction: {reaction.manifestation}]`,
  Immunization: `Immunization: {vaccineCode} ({status.show() | statusReason.show() | occurrence.show()})[ – {performer.actor}]`,
  Procedure: `Procedure[: {code}] ({status.show() | statusReason.show() | performed.show()})[, outcome: {outcome}][ – {performer.actor}]`,
  CarePlan: `Care plan[ {${fhirPath.carePlanWhat}}]: {status.show() | intent.show()}[, {period}]`,
  Goal: `Goal: {description} ({lifecycleStatus.show() | achievementStatus.show()})[, due {target.due}]`,
  DocumentReference: `Document[: {${fhirPath.documentWhat}}][ ({${fhirPath.documentStatus}})][ – {author}]`,
  Media: `Recording[: {${fhirPath.mediaWhat}}] ({status.show() | created.show()})[ – {operator}]`,
  Flag: `⚠ {code} ({status.show() | period.show()})`,
};
