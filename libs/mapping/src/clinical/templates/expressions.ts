/*
 * FHIRPath that the default templates of all languages have in common. `show()` gives a value in words, and leaves out
 * what is not there, so that a join has no gaps.
 */

/** Value, components with theirs, or why there is none. */
const valueOrReason = 'iif(value.exists(), value.show(), dataAbsentReason.show())';
export const observationValue = `iif(value.exists(), value.show(), iif(component.exists(), component.select(code.show().combine(${valueOrReason}).join(' ')), dataAbsentReason.show()))`;

export const conclusion = 'coalesce(conclusion, conclusionCode.show())';
/** How many results there are, where the report itself tells none. */
export const resultCount =
  'iif(conclusion.empty() and conclusionCode.empty() and result.exists(), result.count())';

export const reasons = '(reasonCode.show() | reasonReference.show())';
export const priority = "priority.where($this != 'routine')";

export const appointmentTime = 'iif(start.exists(), start.until(end), requestedPeriod.show())';
export const appointmentWhat = '(serviceType.show() | description)';

export const taskWhat = 'coalesce(description, code.show(), focus.show())';
export const carePlanWhat =
  'coalesce(title, category.show(), description, activity.detail.code.show(), addresses.show())';
export const allergyWhat = 'coalesce(code.show(), reaction.substance.show())';
export const mediaWhat = '(type.show() | modality.show() | view.show())';
export const documentWhat = '(type.show() | description)';
/** That a document is current goes without saying. */
export const documentStatus = "(status.where($this != 'current').show() | docStatus.show() | date.show())";
