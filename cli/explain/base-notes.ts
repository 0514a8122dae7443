import type { Head } from "../../shared/domain/head.ts";

/** What people have to know of a service's base: that it is held on one, and that its refresh is paused. */
export function baseNotes({ service, basePin, refresh }: Head): string[] {
  const notes: string[] = [];
  if (basePin) {
    const why = basePin.reason === "" ? "" : `: ${basePin.reason}`;
    notes.push(`base pinned to ${basePin.imageId} since ${basePin.at} by ${basePin.by}${why}`);
  }
  if (refresh?.paused) {
    const { at, why } = refresh.paused;
    notes.push(`refresh paused since ${at}: ${why}; mend it, then kiln base refresh ${service} --resume`);
  }
  return notes;
}
