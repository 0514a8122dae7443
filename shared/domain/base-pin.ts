import type { Head } from "./head.ts";

/** A base image that a person holds a service on, whatever its spec resolves to. */
export interface BasePin {
  imageId: string;
  by: string;
  /** ISO time. */
  at: string;
  reason: string;
}

/** The head with the service held on a base, or with null released; an equal pin keeps its maker and time. */
export function withBasePin(head: Head, pin: BasePin | null): Head {
  const present = head.basePin ?? null;
  if (present === pin || (pin && present?.imageId === pin.imageId && present.reason === pin.reason)) return head;
  return { ...head, basePin: pin };
}
